// The genesis block commits to the whole genesis document: its `last_summary` is the hash of the document's canonical JSON.
// So one hash pins the parameters, the witnesses, the balances and the addresses of the system contracts.
import { getCreateAddress, id, keccak256, toUtf8Bytes } from 'ethers';
import { canonicalJson } from '@oort/kernel-wire';
import type { Json } from '@oort/kernel-wire';
import { blockHash } from './block';
import type { Block, BlockBody } from './block';
import { zeroAddress, zeroHash } from './hex';
import type { Address, Hash } from './hex';
import { parametersJson } from './parameters';
import type { ChainParameters } from './parameters';

export interface GenesisDeployment {
  readonly name: string;
  readonly address: Address;
  readonly initCodeHash: Hash;
}

export interface GenesisDocument {
  readonly parameters: ChainParameters;
  readonly witnesses: readonly Address[];
  /** Wei as decimal strings. */
  readonly allocations: Readonly<Record<Address, string>>;
  readonly deployments: readonly GenesisDeployment[];
}

/** Nobody holds its key: it only gives the system contracts their addresses, by CREATE with nonces 0, 1, 2... */
export const genesisDeployer: Address = `0x${id('olympus genesis deployer').slice(26)}`;

export function systemContractAddress(position: number): Address {
  return getCreateAddress({ from: genesisDeployer, nonce: position }).toLowerCase();
}

export function genesisJson(document: GenesisDocument): Json {
  return {
    parameters: parametersJson(document.parameters),
    witnesses: [...document.witnesses],
    allocations: { ...document.allocations },
    deployments: document.deployments.map((deployment) => ({ ...deployment })),
  };
}

export function genesisBlock(document: GenesisDocument): Block {
  const body: BlockBody = {
    from: zeroAddress,
    previous: zeroHash,
    parents: [],
    links: [],
    approves: [],
    lastSummary: keccak256(toUtf8Bytes(canonicalJson(genesisJson(document)))),
    lastSummaryBlock: zeroHash,
    lastStableBlock: zeroHash,
    timestamp: document.parameters.genesisTimestamp,
  };
  return { ...body, hash: blockHash(body), signature: `0x${'00'.repeat(65)}` };
}
