// An EVM with the system contracts on it and nothing else: for the tests of the contracts.
import { createEVM, type EVM } from '@ethereumjs/evm';
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { Account, createAddressFromString, hexToBytes, type PrefixedHexString } from '@ethereumjs/util';
import { Interface, hexlify, id, type Result } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { contractAbis, localParameters, type ContractName, type PlatformParameters } from '@oort/schema';
import { artifact } from './artifact';
import { systemDeployments } from './deployments';

export class Reverted extends Fault {
  constructor(readonly reason: string) { super('REVERTED', reason, { reason }); }
}

/** The name of the error that a call reverts with, or `accepted`. */
export async function refused(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Reverted) return error.reason;
    throw error;
  }
  return 'accepted';
}

export const account = (name: string): string => `0x${id(name).slice(-40)}`;
export const deployer = account('deployer');
export const platform = account('platform');
const gas = 30_000_000n;

/** What BLOCKHASH answers for a block here. */
export const hashOf = (block: number): string => id(`block ${block}`);
const blockchain = {
  getBlock: (block: number) => Promise.resolve({ hash: () => hexToBytes(hashOf(block) as PrefixedHexString) }),
  putBlock: () => Promise.resolve(),
  shallowCopy: () => blockchain,
};

export interface Log { readonly contract: ContractName; readonly event: string; readonly args: Result }

export class TestChain {
  readonly at = new Map<ContractName, string>();
  private readonly interfaces = new Map<ContractName, Interface>();
  number = 1n;
  /** By all calls, views too. */
  gasUsed = 0n;
  /** Seconds. */
  time = 1_800_000_000n;

  private constructor(private readonly evm: EVM) {}

  static async open(parameters: PlatformParameters = localParameters): Promise<TestChain> {
    const chain = new TestChain(await createEVM({ common: new Common({ chain: Mainnet, hardfork: Hardfork.Paris }), blockchain }));
    for (const { name, address, initCode } of systemDeployments({ deployer, platform, parameters })) {
      const { execResult, createdAddress } = await chain.evm.runCall({
        caller: createAddressFromString(deployer), data: hexToBytes(initCode as PrefixedHexString), gasLimit: gas, block: chain.block(),
      });
      if (execResult.exceptionError !== undefined) throw new Reverted(`${name}: ${execResult.exceptionError.error}`);
      if (createdAddress?.toString() !== address.toLowerCase()) throw new Reverted(`${name} is not where it was computed to be`);
      chain.at.set(name, address.toLowerCase());
      chain.interfaces.set(name, new Interface(artifact().contracts[name]?.abi as string));
    }
    return chain;
  }

  async give(to: string, amount: bigint): Promise<void> {
    const address = createAddressFromString(to);
    const found = (await this.evm.stateManager.getAccount(address)) ?? new Account();
    found.balance += amount;
    await this.evm.stateManager.putAccount(address, found);
  }

  async balance(of: string): Promise<bigint> {
    return (await this.evm.stateManager.getAccount(createAddressFromString(of)))?.balance ?? 0n;
  }

  async sum(accounts: readonly string[]): Promise<bigint> {
    let all = 0n;
    for (const each of new Set([...accounts, ...this.at.values()])) all += await this.balance(each);
    return all;
  }

  /** Money and nothing else, as anybody may send it. */
  async transfer(from: string, contract: ContractName, value: bigint): Promise<readonly Log[]> {
    this.number += 1n;
    this.time += 1n;
    return (await this.run(from, contract, '0x', value)).logs;
  }

  /** Puts code where an account stands: for receivers that do more than receive. */
  async putCode(at: string, code: string): Promise<void> {
    await this.evm.stateManager.putCode(createAddressFromString(at), hexToBytes(code as PrefixedHexString));
  }

  /** As between two transactions: nothing is warm, and what stands is the original. */
  forgetWarm(): void {
    this.evm.journal.cleanJournal();
    this.evm.stateManager.originalStorageCache.clear();
  }

  /** Answers what takes everything back that happens from now on. */
  async snapshot(): Promise<() => Promise<void>> {
    const [number, time] = [this.number, this.time];
    await this.evm.stateManager.checkpoint();
    return async () => {
      await this.evm.stateManager.revert();
      this.evm.stateManager.originalStorageCache.clear();
      [this.number, this.time] = [number, time];
    };
  }

  /** A transaction in a block of its own. Throws Reverted with the error's name. */
  async send(from: string, contract: ContractName, method: string, args: readonly unknown[] = [], value = 0n, limit = gas): Promise<readonly Log[]> {
    this.number += 1n;
    this.time += 1n;
    const { logs } = await this.call(from, contract, method, args, value, limit);
    return logs;
  }

  /** The answer of a view: one value, or the whole result. */
  async view(contract: ContractName, method: string, args: readonly unknown[] = []): Promise<Result> {
    const { returned } = await this.call(platform, contract, method, args, 0n);
    return this.interfaceOf(contract).decodeFunctionResult(method, returned);
  }

  pass(seconds: number): void {
    this.time += BigInt(seconds);
    this.number += 1n;
  }

  private async call(from: string, contract: ContractName, method: string, args: readonly unknown[], value: bigint, limit = gas): Promise<{ returned: string; logs: readonly Log[] }> {
    return this.run(from, contract, this.interfaceOf(contract).encodeFunctionData(method, args), value, limit);
  }

  private async run(from: string, contract: ContractName, data: string, value: bigint, limit = gas): Promise<{ returned: string; logs: readonly Log[] }> {
    const { execResult } = await this.evm.runCall({
      caller: createAddressFromString(from), to: createAddressFromString(this.at.get(contract) ?? ''), value, gasLimit: limit, block: this.block(),
      data: hexToBytes(data as PrefixedHexString),
    });
    this.gasUsed += execResult.executionGasUsed;
    const returned = hexlify(execResult.returnValue);
    if (execResult.exceptionError !== undefined) throw new Reverted(this.nameOf(returned) ?? execResult.exceptionError.error);
    const logs = (execResult.logs ?? []).flatMap(([address, topics, data]) => this.decode(hexlify(address), topics.map(hexlify), hexlify(data)));
    return { returned, logs };
  }

  private decode(address: string, topics: readonly string[], data: string): readonly Log[] {
    const contract = [...this.at].find(([, where]) => where === address)?.[0];
    const parsed = contract === undefined ? null : this.interfaceOf(contract).parseLog({ topics, data });
    return contract === undefined || parsed === null ? [] : [{ contract, event: parsed.name, args: parsed.args }];
  }

  private nameOf(returned: string): string | null {
    for (const each of this.interfaces.values()) {
      const found = returned.length >= 10 ? each.getError(returned.slice(0, 10)) : null;
      if (found !== null) return found.name;
    }
    return null;
  }

  interfaceOf(contract: ContractName): Interface {
    return this.interfaces.get(contract) ?? new Interface(contractAbis[contract]);
  }

  private block(): NonNullable<Parameters<EVM['runCall']>[0]['block']> {
    const zero = createAddressFromString(`0x${'00'.repeat(20)}`);
    return {
      header: {
        number: this.number, timestamp: this.time, coinbase: zero, difficulty: 0n, prevRandao: new Uint8Array(32), gasLimit: gas,
        baseFeePerGas: 0n, getBlobGasPrice: () => undefined, slotNumber: undefined,
      },
    } as unknown as NonNullable<Parameters<EVM['runCall']>[0]['block']>;
  }
}
