// Genesis: balances, then the system contracts, created in order by the genesis deployer. All of it in one transaction of
// the store, so a first boot that dies leaves nothing behind.
import { Account, createAddressFromString } from '@ethereumjs/util';
import { keccak256 } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { emptyBloom, encodeBlock, genesisBlock, genesisDeployer, genesisJson, parametersJson, summaryHash, zeroHash } from '@oort/ledger-chain';
import type { GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { Writes } from './atomic';
import { FlatState } from './flat-state';
import { bytesOf, commonOf, createMachine, evmBlock } from './machine';
import { emptyReceiptsRoot } from './receipts-root';
import type { ChainStore, StableRecord } from './store';
import { stablePoint } from './store';
import { writeState } from './write-state';

export class GenesisFailed extends Fault {
  constructor(name: string, reason: string) {
    super('GENESIS_FAILED', `the system contract ${name} cannot be created at genesis: ${reason}`, { name, reason });
  }
}

/** `initCodes` by the names of the document's deployments. Does nothing where a genesis stands already. */
export async function applyGenesis(
  store: ChainStore, document: GenesisDocument, initCodes: ReadonlyMap<string, Hex>,
): Promise<void> {
  if (stablePoint(store) !== undefined) return;
  const state = await genesisState(document, initCodes);
  const block = genesisBlock(document);
  const record = genesisRecord(block.hash, document);
  const writes = new Writes();
  writeState(writes, store, state.changes());
  writes.put(store.meta, 'genesis', genesisJson(document));
  writes.put(store.meta, 'parameters', parametersJson(document.parameters));
  writes.put(store.meta, 'stablePoint', { mci: 0, hash: block.hash, nextIndex: 1 });
  writes.put(store.blocks, block.hash, Buffer.from(encodeBlock(block).slice(2), 'hex'));
  writes.put(store.stable, block.hash, record);
  writes.put(store.byIndex, 0, block.hash);
  writes.put(store.trunk, 0, block.hash);
  await writes.commit(store.root);
  await store.root.flushed;
}

async function genesisState(document: GenesisDocument, initCodes: ReadonlyMap<string, Hex>): Promise<FlatState> {
  const { parameters } = document;
  const state = new FlatState(() => undefined);
  for (const [address, balance] of Object.entries(document.allocations)) {
    await state.putAccount(createAddressFromString(address), new Account(0n, BigInt(balance)));
  }
  const vm = await createMachine(state, parameters, () => undefined);
  const block = evmBlock(
    { number: 0, timestamp: parameters.genesisTimestamp, coinbase: genesisDeployer, random: zeroHash },
    parameters, commonOf(parameters));
  const caller = createAddressFromString(genesisDeployer);
  for (const [position, { name, address, initCodeHash }] of document.deployments.entries()) {
    const code = initCodes.get(name);
    if (code === undefined || keccak256(code) !== initCodeHash) throw new GenesisFailed(name, 'its code is not the one named');
    const deployer = new Account(BigInt(position + 1), 0n);
    await state.putAccount(caller, deployer);
    const { createdAddress, execResult } = await vm.evm.runCall({
      block, caller, data: bytesOf(code), gasLimit: BigInt(parameters.blockGasLimit), gasPrice: 0n, skipNonceIncrement: true,
    });
    if (execResult.exceptionError !== undefined) throw new GenesisFailed(name, execResult.exceptionError.error);
    if (createdAddress?.toString() !== address) throw new GenesisFailed(name, `it went to ${String(createdAddress)}`);
    await vm.evm.journal.cleanup();
    state.originalStorageCache.clear();
  }
  return state;
}

function genesisRecord(hash: Hash, document: GenesisDocument): StableRecord {
  const timestamp = document.parameters.genesisTimestamp;
  const summary = summaryHash({
    blockHash: hash, previousSummary: zeroHash, parentSummaries: [], receiptsRoot: emptyReceiptsRoot, skipSummaries: [],
    status: 0, stableIndex: 0, timestamp,
  });
  return {
    mci: 0, index: 0, level: 0, witnessedLevel: 0, bestParent: null, status: 0, summary, receiptsRoot: emptyReceiptsRoot,
    skipSummaries: [], timestamp, transactions: [], gasUsed: '0x0', bloom: emptyBloom,
  };
}
