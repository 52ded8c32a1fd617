import { keccak256 } from 'ethers';
import { systemContractAddress } from '@oort/ledger-chain';
import type { Address, ChainParameters, GenesisDocument, Hex } from '@oort/ledger-chain';

export interface SystemDeployment {
  readonly name: string;
  /** 0x-hex, constructor arguments included. */
  readonly initCode: Hex;
}

export interface GenesisParts {
  readonly parameters: ChainParameters;
  readonly witnesses: readonly Address[];
  /** Wei by address, as decimal strings. */
  readonly allocations: Readonly<Record<string, string>>;
  readonly deployments: readonly SystemDeployment[];
}

/** What a network agrees on before its first block. */
export function documentOf({ parameters, witnesses, allocations, deployments }: GenesisParts): GenesisDocument {
  return {
    parameters,
    witnesses: [...witnesses],
    allocations: Object.fromEntries(Object.entries(allocations).map(([address, wei]) => [address.toLowerCase(), wei])),
    deployments: deployments.map(({ name, initCode }, position) => ({ name, address: systemContractAddress(position), initCodeHash: keccak256(initCode) })),
  };
}
