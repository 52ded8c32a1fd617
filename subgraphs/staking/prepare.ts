// Calls that the user's own wallet signs and sends. Nobody's key is held here.
import { Interface, encodeBytes32String, getAddress, id as keccakOfText, isAddress, type InterfaceAbi } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { contractAbis, type ContractName, type Ledger } from '@oort/schema';

export interface PreparedCall { readonly contract: ContractName; readonly to: string; readonly data: string; readonly valueWei: string }
export interface Refused { readonly code: 'INVALID_INPUT'; readonly message: string; readonly payload: { readonly field: string } }
export type Prepared = PreparedCall | Refused;

const interfaces = new Map(Object.entries(contractAbis).map(([name, abi]) => [name, new Interface(abi as InterfaceAbi)]));

export class Preparer {
  private addresses: Promise<{ readonly [name: string]: string }> | null = null;

  constructor(private readonly ledger: Ledger) {}

  async call(contract: ContractName, method: string, args: readonly unknown[], valueWei = '0'): Promise<PreparedCall> {
    return { contract, to: await this.addressOf(contract), data: this.interfaceOf(contract).encodeFunctionData(method, args), valueWei };
  }

  async view(contract: ContractName, method: string, args: readonly Json[] = []): Promise<bigint> {
    const data = this.interfaceOf(contract).encodeFunctionData(method, [...args]);
    const answer = await this.ledger.request('eth_call', [{ to: await this.addressOf(contract), data }, 'latest']);
    return BigInt(String(this.interfaceOf(contract).decodeFunctionResult(method, String(answer))[0]));
  }

  private async addressOf(contract: ContractName): Promise<string> {
    this.addresses ??= this.ledger.request('olympus_contracts') as Promise<{ readonly [name: string]: string }>;
    return getAddress((await this.addresses)[contract] ?? '');
  }

  private interfaceOf(contract: ContractName): Interface {
    return interfaces.get(contract) ?? new Interface(contractAbis[contract]);
  }
}

type Checks = readonly (Refused | null)[];

/** The first complaint, or what the call makes. */
export async function unless(checks: Checks, make: () => Promise<PreparedCall>): Promise<Prepared> {
  return checks.find((check) => check !== null) ?? make();
}

export function amount(field: string, value: string): Refused | null {
  return /^[1-9]\d{0,77}$/.test(value) ? null : refused(field, 'must be a positive amount in wei, as decimal digits');
}

export function address(field: string, value: string): Refused | null {
  return isAddress(value) ? null : refused(field, 'must be an address');
}

export function basisPoints(field: string, value: number): Refused | null {
  return Number.isInteger(value) && value >= 0 && value <= 10_000 ? null : refused(field, 'must be 0 to 10000 basis points');
}

export function integer(field: string, value: string): Refused | null {
  return /^(0|[1-9]\d{0,77})$/.test(value) ? null : refused(field, 'must be a whole number');
}

export function parameterName(field: string, value: string): Refused | null {
  return /^[A-Za-z]{1,31}$/.test(value) ? null : refused(field, 'must be the name of a parameter');
}

export const onChain = { id: keccakOfText, name: encodeBytes32String };

function refused(field: string, message: string): Refused {
  return { code: 'INVALID_INPUT', message: `${field} ${message}.`, payload: { field } };
}
