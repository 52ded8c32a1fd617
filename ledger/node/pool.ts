// Transactions that wait until they are stable. One is on disk before its sender hears of it; it leaves when it has run.
import { LedgerFault, rpcCodes } from '@oort/ledger-rpc';
import { parseTransaction, parseTransactionBy, Recovery } from '@oort/ledger-chain';
import type { Address, ChainParameters, Hash, Hex, ParsedTransaction, SignedTransaction } from '@oort/ledger-chain';
import type { ChainStore, ExecutedMci, StableChain, StateReading } from '@oort/ledger-execution';
import { intrinsicGas, StoreUnwritable } from '@oort/ledger-execution';
import { Recent } from './recent';

const recentKept = 8192;

export class TransactionPool {
  readonly #store: ChainStore;
  readonly #chain: StableChain;
  readonly #state: StateReading;
  readonly #parameters: ChainParameters;
  readonly #recovery = new Recovery();
  readonly #byHash = new Map<Hash, SignedTransaction>();
  /** Some that have run: blocks still being checked may link them, and reading one back costs a curve recovery. */
  readonly #recent = new Recent<SignedTransaction>(recentKept);
  /** By account, then by nonce. */
  readonly #byAccount = new Map<Address, Map<number, SignedTransaction>>();
  /** As the last MCI that ran has left them: every witness of the process asks for the same ones again and again. */
  readonly #accounts = new Map<Address, { readonly nonce: number; readonly balance: bigint }>();

  constructor(store: ChainStore, chain: StableChain, state: StateReading, parameters: ChainParameters) {
    this.#store = store;
    this.#chain = chain;
    this.#state = state;
    this.#parameters = parameters;
    for (const { value: raw } of store.pool.getRange({})) {
      const parsed = parseTransaction(raw, parameters);
      if (parsed.ok) this.#keep(parsed.transaction);
    }
  }

  get size(): number {
    return this.#byHash.size;
  }

  readonly get = (hash: Hash): SignedTransaction | undefined => this.#byHash.get(hash);

  /** A pending transaction, or one that has run already. */
  readonly find = (hash: Hash): SignedTransaction | undefined => {
    const known = this.#byHash.get(hash) ?? this.#recent.get(hash);
    if (known !== undefined) return known;
    const raw = this.#chain.transaction(hash);
    if (raw === undefined) return undefined;
    const parsed = parseTransaction(raw, this.#parameters);
    return parsed.ok ? parsed.transaction : undefined;
  };

  /** The nonce after everything of this account that has run. */
  readonly stableNonce = (address: Address): number => this.#account(address).nonce;

  readonly nextNonce = (address: Address): number => {
    const waiting = this.#byAccount.get(address);
    let nonce = this.#account(address).nonce;
    while (waiting?.has(nonce) === true) nonce += 1;
    return nonce;
  };

  /** Checks, keeps and flushes. The same bytes again are answered as before, so a sender may safely repeat itself. */
  async submit(raw: Hex): Promise<{ readonly hash: Hash; readonly fresh: boolean }> {
    const parsed = await this.parse(raw);
    if (!parsed.ok) throw new LedgerFault(parsed.refusal.code, rpcCodes.refused, parsed.refusal.message);
    const { transaction } = parsed;
    const stored = this.take(transaction);
    if (stored !== null) {
      try {
        await stored;
      } catch (error) {
        const { code, message } = await StoreUnwritable.of(error);
        throw refused(code, message);
      }
    }
    await this.#store.root.flushed;
    return { hash: transaction.hash, fresh: stored !== null };
  }

  /** Signatures are recovered on a thread of their own, in the order in which they come. */
  parse(raw: Hex): Promise<ParsedTransaction> {
    return parseTransactionBy(this.#recovery, raw, this.#parameters);
  }

  close(): Promise<void> {
    return this.#recovery.close();
  }

  /** Checks and keeps; what comes back resolves when it is written, and a failure drops it again. Null where it is here already. */
  take(transaction: SignedTransaction): Promise<void> | null {
    const { hash, raw } = transaction;
    if (this.knows(hash)) return null;
    this.#admit(transaction);
    // Kept first, so that a second one with this nonce is refused while the first is on its way to the disk.
    this.#keep(transaction);
    return this.#store.pool.put(hash, raw).then(() => undefined, (error: unknown) => {
      this.#drop(hash);
      this.#recent.delete(hash);
      throw error;
    });
  }

  /** Pending here, or run. */
  knows(hash: Hash): boolean {
    return this.remembers(hash) || this.#chain.receipt(hash) !== undefined;
  }

  /** Pending here, or run a while ago at most. */
  remembers(hash: Hash): boolean {
    return this.#byHash.has(hash) || this.#recent.has(hash);
  }

  /** A transaction that a block links: it will be judged when it runs, whatever the account has now. Nothing where the bytes are none. */
  async keepLinked(raw: Hex): Promise<void> {
    const parsed = parseTransaction(raw, this.#parameters);
    if (!parsed.ok) return;
    const { transaction } = parsed;
    if (this.#byHash.has(transaction.hash) || this.#chain.receipt(transaction.hash) !== undefined) return;
    // Executed from the disk, so it must be there before the block is.
    await this.#store.pool.put(transaction.hash, raw);
    this.#byHash.set(transaction.hash, transaction);
  }

  pending(most: number): Hash[] {
    const hashes: Hash[] = [];
    for (const hash of this.#byHash.keys()) {
      if (hashes.length === most) break;
      hashes.push(hash);
    }
    return hashes;
  }

  /** Pending transactions in an order that may be linked: per account the nonces that come next. */
  linkable(linked: ReadonlySet<Hash>, most: number): Hash[] {
    const links: Hash[] = [];
    for (const [address, waiting] of this.#byAccount) {
      for (let nonce = this.#account(address).nonce; links.length < most; nonce += 1) {
        const next = waiting.get(nonce);
        if (next === undefined) break;
        if (!linked.has(next.hash)) links.push(next.hash);
      }
    }
    return links;
  }

  executed({ blocks }: ExecutedMci): void {
    this.#accounts.clear();
    for (const { record } of blocks) for (const hash of record.transactions) this.#drop(hash);
  }

  #account(address: Address): { readonly nonce: number; readonly balance: bigint } {
    const known = this.#accounts.get(address);
    if (known !== undefined) return known;
    const account = this.#state.account(address);
    this.#accounts.set(address, account);
    return account;
  }

  #admit(transaction: SignedTransaction): void {
    const { from, nonce, fields } = transaction;
    const { gasLimit, gasPrice, value } = fields;
    const { nonce: expected, balance } = this.#account(from);
    const waiting = this.#byAccount.get(from);
    if (nonce < expected) throw refused('NONCE_TOO_LOW', `nonce too low: next nonce ${expected}, tx nonce ${nonce}`);
    if (waiting?.has(nonce) === true) {
      // A witness may have linked the first one already, so there is no replacing it.
      throw refused('NONCE_TAKEN', 'replacement transaction underpriced: this chain replaces no pending transaction');
    }
    const most = this.#parameters.maximumPendingPerAccount;
    if ((waiting?.size ?? 0) >= most) throw refused('TOO_MANY_PENDING', `an account may have ${most} pending transactions`);
    const intrinsic = intrinsicGas(fields, this.#parameters);
    if ('refused' in intrinsic) throw refused('TRANSACTION_MALFORMED', intrinsic.refused);
    if (gasLimit < intrinsic.gas) throw refused('INTRINSIC_GAS', `intrinsic gas too low: have ${gasLimit}, want ${intrinsic.gas}`);
    const cost = gasLimit * gasPrice + value;
    if (balance < cost) {
      throw refused('INSUFFICIENT_FUNDS', `insufficient funds for gas * price + value: have ${balance} want ${cost}`);
    }
  }

  #keep(transaction: SignedTransaction): void {
    this.#byHash.set(transaction.hash, transaction);
    const waiting = this.#byAccount.get(transaction.from) ?? new Map<number, SignedTransaction>();
    waiting.set(transaction.nonce, transaction);
    this.#byAccount.set(transaction.from, waiting);
  }

  #drop(hash: Hash): void {
    const transaction = this.#byHash.get(hash);
    if (transaction === undefined) return;
    this.#byHash.delete(hash);
    this.#recent.set(hash, transaction);
    const waiting = this.#byAccount.get(transaction.from);
    // Another with the same nonce may wait there, where this one was only linked.
    if (waiting?.get(transaction.nonce)?.hash === hash) waiting.delete(transaction.nonce);
    if (waiting?.size === 0) this.#byAccount.delete(transaction.from);
  }
}

function refused(code: string, message: string): LedgerFault {
  return new LedgerFault(code, rpcCodes.refused, message);
}
