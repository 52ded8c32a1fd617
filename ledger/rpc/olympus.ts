// Olympus's own methods (OLYMPUS.md section 7), and the two names by which proofs and contracts are found.
import { keccak256 } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { encodeBlock, epochOf, genesisJson } from '@oort/ledger-chain';
import { workHash } from '@oort/ledger-election';
import type { RpcBackend } from './backend';
import { latestIndex } from './ethereum';
import type { Methods } from './ethereum';
import { invalidParams } from './fault';
import { addressParam, hashParam, hexParam, quantityParam } from './parse';
import { presentDagBlock, presentState, quantity } from './present';

const clientVersion = 'olympus-node/0.1.0';

export function olympusMethods(backend: RpcBackend): Methods {
  const { chain, parameters, genesis } = backend;
  const stateOf = (value: Json | undefined): Json => {
    const hash = hashParam(value, 'block hash');
    const record = chain.record(hash);
    if (record !== undefined) return presentState(record);
    return backend.unstableBlock(hash) === undefined ? null : { is_stable: false };
  };
  const listOf = (value: Json | undefined, name: string): readonly Json[] => {
    if (!Array.isArray(value) || value.length > 100) throw invalidParams(`${name} is not a list of at most 100`);
    return value as readonly Json[];
  };
  // Without an epoch the one that the chain is in.
  const epochParam = (value: Json | undefined): number =>
    value === undefined || value === null ? epochOf(chain.point().mci, parameters) : Number(quantityParam(value, 'epoch'));
  return {
    block: ([value]) => {
      const hash = hashParam(value, 'block hash');
      const block = chain.block(hash) ?? backend.unstableBlock(hash);
      return block === undefined ? null : presentDagBlock(block);
    },
    block_state: ([value]) => stateOf(value),
    block_states: ([values]) => listOf(values, 'block hashes').map(stateOf),
    accounts_balances: ([values]) => Object.fromEntries(listOf(values, 'addresses').map((value) => {
      const address = addressParam(value, 'address');
      return [address, quantity(backend.state.account(address).balance)];
    })),
    block_summary: ([value]) => {
      const hash = hashParam(value, 'block hash');
      if (chain.record(hash) === undefined) return null;
      const parts = chain.summaryParts(hash);
      return {
        summary: chain.summary(hash) ?? null, block_hash: hash, previous_summary: parts.previousSummary,
        parent_summaries: [...parts.parentSummaries], receipts_root: parts.receiptsRoot,
        skiplist_summaries: [...parts.skipSummaries], status: parts.status, stable_index: parts.stableIndex,
        mc_timestamp: parts.timestamp,
      };
    },
    stable_blocks: ([start, limit]) => {
      const first = Number(quantityParam(start, 'index'));
      const count = Number(quantityParam(limit ?? 20, 'limit'));
      if (count < 1 || count > 100) throw invalidParams('limit is 1 to 100');
      const hashes = Array.from({ length: count }, (_, offset) => chain.hashAt(first + offset));
      const blocks = hashes.flatMap((hash) => (hash === undefined ? [] : (chain.block(hash) ?? [])));
      return { blocks: blocks.map(presentDagBlock), next_index: first + blocks.length };
    },
    status: () => {
      const { mci } = chain.point();
      return {
        syncing: backend.syncing(), last_stable_mci: mci, last_mci: backend.lastMci(), last_stable_block_index: latestIndex(backend),
        epoch: epochOf(mci, parameters), epoch_period: parameters.epochLength, pending_transactions: backend.pending.size(),
        halted: backend.halted(),
      };
    },
    witness_list: ([epoch]) => {
      const serving = chain.witnesses(epochParam(epoch));
      return serving === undefined ? null : [...serving];
    },
    epoch_approves: ([epoch]) => chain.epochApproves(epochParam(epoch)).map(({ approve, from, output }) => ({ approve, from, output })),
    approve_receipt: ([value]) => {
      const receipt = chain.approveReceipt(hashParam(value, 'approve hash'));
      return receipt === undefined ? null : { ...receipt };
    },
    epoch_work_transaction: ([value]) => {
      const epoch = epochParam(value);
      const shares = chain.work(epoch);
      return shares === undefined ? null : {
        hash: workHash({ epoch, shares }), epoch,
        shares: shares.map(({ witness, points, wei }) => ({ witness, points, wei: quantity(wei) })),
      };
    },
    version: () => ({ client: clientVersion, chain_id: parameters.chainId }),
    olympus_genesis: () => genesisJson(genesis),
    olympus_genesisHash: () => backend.genesisHash,
    olympus_contracts: (): Json => Object.fromEntries(genesis.deployments.map(({ name, address }) => [name, address])),
    olympus_receiptProof: ([hash]) => backend.receiptProof(hashParam(hash, 'transaction hash')),
    olympus_forkProof: ([value]) => {
      const twins = chain.forkOf(hashParam(value, 'block hash'));
      return twins === null ? null : { witness: twins[0].from, blocks: twins.map(encodeBlock) };
    },
    net_version: () => String(parameters.chainId),
    peers: () => [...backend.peers()],
    nodes: () => {
      const linked = new Set(backend.peers().map(({ address }) => address));
      return backend.addresses().map((address) => ({ address, linked: linked.has(address) }));
    },
    net_listening: () => true,
    net_peerCount: () => quantity(backend.peers().length),
    web3_clientVersion: () => clientVersion,
    web3_sha3: ([bytes]) => keccak256(hexParam(bytes, 'data')),
  };
}
