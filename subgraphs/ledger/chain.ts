// What the subgraph asks of the node, in its terms.
import { Interface, Transaction, Wallet, getAddress, type InterfaceAbi } from 'ethers';
import { Fault, type Json } from '@oort/kernel-wire';
import { contractAbis, type ContractName, type Ledger } from '@oort/schema';

export class UnknownContract extends Fault {
  constructor(name: string) { super('UNKNOWN_CONTRACT', `the network has no contract ${name}`, { name }); }
}

export class CallNotEncodable extends Fault {
  constructor(contract: string, method: string, reason: string) {
    super('CALL_NOT_ENCODABLE', `${contract}.${method} cannot be called so: ${reason}`, { contract, method });
  }
}

export interface Receipt { readonly txHash: string; readonly blockHash: string; readonly blockNumber: number; readonly succeeded: boolean }

export interface ObservedLog {
  readonly contract: ContractName;
  readonly event: string;
  readonly args: { readonly [name: string]: Json };
  readonly txHash: string;
  readonly logIndex: number;
  readonly blockNumber: number;
}

/** Fees on Olympus are paid for gas used and its price is fixed, so a generous limit costs nothing and keeps a call's hash the same. */
const gasLimit = 5_000_000n;
/** What grows with the bench and the juries of a case: twice of what the largest case takes (docs/GAS.md, ledger/contracts/jury-gas.ts). */
const largeGasLimit = 17_000_000n;
const largeCalls: ReadonlySet<string> = new Set(['JuryCourt.draw', 'JuryCourt.close', 'JuryCourt.conclude']);

const interfaces = new Map(Object.entries(contractAbis).map(([name, abi]) => [name as ContractName, new Interface(abi as InterfaceAbi)]));

export class Chain {
  private constructor(
    private readonly ledger: Ledger, private readonly wallet: Wallet, readonly chainId: bigint, private readonly gasPrice: bigint,
    readonly contracts: ReadonlyMap<ContractName, string>,
  ) {}

  static async open(ledger: Ledger, platformKey: string): Promise<Chain> {
    const [chainId, gasPrice, contracts] = await Promise.all([
      ledger.request('eth_chainId'), ledger.request('eth_gasPrice'), ledger.request('olympus_contracts'),
    ]);
    const addresses = Object.entries(contracts as { readonly [name: string]: string }).map(([name, address]) => [name as ContractName, getAddress(address)] as const);
    return new Chain(ledger, new Wallet(platformKey), BigInt(String(chainId)), BigInt(String(gasPrice)), new Map(addresses));
  }

  get address(): string {
    return this.wallet.address;
  }

  async nonce(): Promise<number> {
    return Number(await this.ledger.request('eth_getTransactionCount', [this.address, 'latest']));
  }

  async head(): Promise<number> {
    return Number(await this.ledger.request('eth_blockNumber'));
  }

  /** Throws CallNotEncodable. A call must pass before its nonce is reserved: one that can never be sent would hold up all after it. */
  encode({ contract, method, args }: { readonly contract: string; readonly method: string; readonly args: readonly Json[] }): string {
    try {
      return interfaceOf(contract).encodeFunctionData(method, [...args]);
    } catch (error) {
      throw new CallNotEncodable(contract, method, error instanceof Error ? error.message : String(error));
    }
  }

  /** Signing is deterministic (RFC 6979): the same call and nonce give the same transaction. */
  async sign(call: { readonly contract: string; readonly method: string; readonly args: readonly Json[]; readonly valueWei: string; readonly nonce: number }): Promise<{ readonly raw: string; readonly hash: string }> {
    const { contract, valueWei, nonce } = call;
    const raw = await this.wallet.signTransaction({
      type: 0, chainId: this.chainId, nonce, gasPrice: this.gasPrice, to: this.addressOf(contract), value: BigInt(valueWei),
      data: this.encode(call), gasLimit: largeCalls.has(`${contract}.${call.method}`) ? largeGasLimit : gasLimit,
    });
    return { raw, hash: Transaction.from(raw).hash ?? '' };
  }

  async send(raw: string): Promise<void> {
    await this.ledger.request('eth_sendRawTransaction', [raw]);
  }

  /** Null until the transaction is final. */
  async receipt(hash: string): Promise<Receipt | null> {
    const found = await this.ledger.request('eth_getTransactionReceipt', [hash]) as { readonly [name: string]: Json } | null;
    if (found === null) return null;
    return {
      txHash: hash, blockHash: String(found['blockHash']), blockNumber: Number(found['blockNumber']), succeeded: Number(found['status']) === 1,
    };
  }

  async view(contract: ContractName, method: string, args: readonly Json[]): Promise<readonly unknown[]> {
    const abi = interfaceOf(contract);
    const answer = await this.ledger.request('eth_call', [{ to: this.addressOf(contract), data: abi.encodeFunctionData(method, [...args]) }, 'latest']);
    return [...abi.decodeFunctionResult(method, String(answer))] as readonly unknown[];
  }

  async balanceOf(contract: ContractName): Promise<bigint> {
    return BigInt(String(await this.ledger.request('eth_getBalance', [this.addressOf(contract), 'latest'])));
  }

  /** Logs of the system contracts, in their final order. Events that the schema does not name are left out. */
  async logs(fromBlock: number, toBlock: number): Promise<readonly ObservedLog[]> {
    const range = { fromBlock: `0x${fromBlock.toString(16)}`, toBlock: `0x${toBlock.toString(16)}`, address: [...this.contracts.values()] };
    const found = await this.ledger.request('eth_getLogs', [range]) as readonly { readonly [name: string]: Json }[];
    return found.flatMap((log) => this.decode(log));
  }

  addressOf(contract: string): string {
    const address = this.contracts.get(contract as ContractName);
    if (address === undefined) throw new UnknownContract(contract);
    return address;
  }

  private decode(log: { readonly [name: string]: Json }): readonly ObservedLog[] {
    const contract = [...this.contracts].find(([, address]) => address === getAddress(String(log['address'])))?.[0];
    if (contract === undefined) return [];
    const parsed = interfaceOf(contract).parseLog({ topics: log['topics'] as string[], data: String(log['data']) });
    if (parsed === null) return [];
    const args = Object.fromEntries(parsed.fragment.inputs.map((input, index) => [input.name, asJson(parsed.args[index])]));
    return [{ contract, event: parsed.name, args, txHash: String(log['transactionHash']), logIndex: Number(log['logIndex']), blockNumber: Number(log['blockNumber']) }];
  }
}

function interfaceOf(contract: string): Interface {
  const found = interfaces.get(contract as ContractName);
  if (found === undefined) throw new UnknownContract(contract);
  return found;
}

/** Integers become decimal strings, whatever their size. */
function asJson(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean') return value;
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return [...(value as Iterable<unknown>)].map(asJson);
  return String(value);
}
