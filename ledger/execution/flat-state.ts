// The EVM's view of accounts, code and storage, kept flat: the chain commits to receipts and not to a state root
// (OLYMPUS.md section 7), so no trie is built. Writes stay in memory, with an undo list for the EVM's nested checkpoints,
// until the executor drains them into one transaction of the store.
import { OriginalStorageCache } from '@ethereumjs/statemanager';
import { Account } from '@ethereumjs/util';
import type { Address } from '@ethereumjs/util';
import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import { keccak256 } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { decodeAccount, encodeAccount } from './account-rlp';
import { accountKey, codeKey, keyNamed, kinds, nameOf, slotKey, slotRange } from './state-keys';
import type { Before, StateReader } from './state-keys';

export interface StateChanges {
  /** Accounts whose stored slots must go before `writes` are put. */
  readonly clearedStorage: readonly Buffer[];
  /** A null value removes the key. */
  readonly writes: readonly (readonly [key: Buffer, value: Buffer | null])[];
}

export class NoStateRoot extends Fault {
  constructor() {
    super('NO_STATE_ROOT', 'this chain commits to receipts and keeps no state root');
  }
}

const codesKept = 256;
const empty = new Uint8Array(0);
export class FlatState implements StateManagerInterface {
  readonly originalStorageCache: OriginalStorageCache;
  readonly #changes = new Map<string, Uint8Array | null>();
  readonly #cleared = new Set<string>();
  readonly #codes = new Map<string, Uint8Array>();
  /** What stood at each key before its first change since the last `takeBefore`. */
  readonly #before = new Map<string, Uint8Array | null>();
  #clearedSince = new Set<string>();
  #undo: (() => void)[] = [];
  #marks: number[] = [];
  #read: StateReader;

  constructor(read: StateReader) {
    this.#read = read;
    this.originalStorageCache = new OriginalStorageCache((address, key) => this.getStorage(address, key));
  }

  /** Forgets every change and reads from here on through `read`. */
  reset(read: StateReader): void {
    this.#read = read;
    this.#changes.clear();
    this.#cleared.clear();
    this.#before.clear();
    this.#clearedSince.clear();
    this.#undo = [];
    this.#marks = [];
    this.originalStorageCache.clear();
  }

  /** Hands out what was written since the last drain; it stays readable from the store once that has committed. */
  changes(): StateChanges {
    return {
      clearedStorage: [...this.#cleared].map(keyNamed),
      writes: [...this.#changes].map(([name, value]) => [keyNamed(name), value === null ? null : viewOf(value)]),
    };
  }

  /** What was changed since the last call, as it was before; changes that were taken back are left out. `slotsOf` answers the stored
   *  slots of accounts that were cleared as a whole. */
  takeBefore(slotsOf: (addresses: readonly Buffer[]) => Before): Before {
    const before = [...this.#before].flatMap(([name, value]): Before => {
      const now = this.#changes.get(name);
      const same = now === undefined || (now === null ? value === null : value !== null && Buffer.compare(now, value) === 0);
      return same || name.charCodeAt(0) === kinds.code ? [] : [[keyNamed(name), value === null ? null : viewOf(value)]];
    });
    const cleared = [...this.#clearedSince].filter((owner) => this.#cleared.has(owner)).map(keyNamed);
    const slots = cleared.length === 0 ? [] : slotsOf(cleared).filter(([key]) => !this.#before.has(nameOf(key)));
    this.#before.clear();
    this.#clearedSince.clear();
    return [...before, ...slots];
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    return this.accountAt(address.bytes);
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    this.putAccountAt(address.bytes, account);
  }

  accountAt(address: Uint8Array): Account | undefined {
    const encoded = this.#get(accountKey(address));
    return encoded === undefined ? undefined : decodeAccount(encoded);
  }

  putAccountAt(address: Uint8Array, account?: Account): void {
    this.#put(accountKey(address), account === undefined ? null : encodeAccount(account));
  }

  async deleteAccount(address: Address): Promise<void> {
    this.#put(accountKey(address.bytes), null);
    await this.clearStorage(address);
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account();
    account.nonce = fields.nonce ?? account.nonce;
    account.balance = fields.balance ?? account.balance;
    account.codeHash = fields.codeHash ?? account.codeHash;
    await this.putAccount(address, account);
  }

  async putCode(address: Address, value: Uint8Array): Promise<void> {
    const codeHash = Buffer.from(keccak256(value).slice(2), 'hex');
    if (value.length > 0) this.#put(codeKey(codeHash), value);
    await this.modifyAccountFields(address, { codeHash });
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const account = await this.getAccount(address);
    return account === undefined ? empty : this.codeOf(account);
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.storageAt(address.bytes, key);
  }

  /** Without leading zeros. */
  storageAt(address: Uint8Array, key: Uint8Array): Uint8Array {
    const slot = slotKey(address, key);
    const changed = this.#changes.get(nameOf(slot));
    if (changed !== undefined) return changed ?? empty;
    return this.#cleared.size > 0 && this.#cleared.has(nameOf(viewOf(address))) ? empty : (this.#read(slot) ?? empty);
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.putStorageAt(address.bytes, key, value);
  }

  putStorageAt(address: Uint8Array, key: Uint8Array, value: Uint8Array): void {
    const first = value.findIndex((byte) => byte !== 0);
    this.#put(slotKey(address, key), first === -1 ? null : value.slice(first));
  }

  async clearStorage(address: Address): Promise<void> {
    const prefix = nameOf(slotRange(address.bytes).start);
    for (const key of [...this.#changes.keys()]) {
      if (key.startsWith(prefix)) this.#put(keyNamed(key), null);
    }
    const owner = nameOf(viewOf(address.bytes));
    if (this.#cleared.has(owner)) return;
    this.#cleared.add(owner);
    this.#clearedSince.add(owner);
    this.#undo.push(() => this.#cleared.delete(owner));
  }

  async checkpoint(): Promise<void> {
    this.#marks.push(this.#undo.length);
  }

  async commit(): Promise<void> {
    this.#marks.pop();
    if (this.#marks.length === 0) this.#undo = [];
  }

  async revert(): Promise<void> {
    const mark = this.#marks.pop() ?? 0;
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  getStateRoot(): Promise<Uint8Array> {
    return Promise.reject(new NoStateRoot());
  }

  setStateRoot(): Promise<void> {
    return Promise.reject(new NoStateRoot());
  }

  hasStateRoot(): Promise<boolean> {
    return Promise.resolve(false);
  }

  clearCaches(): void {
    this.originalStorageCache.clear();
  }

  shallowCopy(): StateManagerInterface {
    return new FlatState(this.#read);
  }

  /** Codes are found by their hash and never change, and every call into a contract asks for one: the same array each time. */
  codeOf(account: Account): Uint8Array {
    if (!account.isContract()) return empty;
    const key = codeKey(account.codeHash);
    const name = nameOf(key);
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    const code = this.#get(key) ?? empty;
    // One written by a transaction that may yet be taken back is not final, but what it hashes to is.
    if (code.length > 0) this.#codes.set(name, code);
    if (this.#codes.size > codesKept) this.#codes.delete([...this.#codes.keys()][0] ?? '');
    return code;
  }

  #get(key: Buffer): Uint8Array | undefined {
    const changed = this.#changes.get(nameOf(key));
    return changed === undefined ? this.#read(key) : (changed ?? undefined);
  }

  /** Slots of an account that an earlier block of the MCI cleared are gone, whatever the store still has. */
  #stored(key: Buffer): Uint8Array | undefined {
    if (this.#cleared.size > 0 && key[0] === kinds.slot) {
      const owner = nameOf(key.subarray(1, 21));
      if (this.#cleared.has(owner) && !this.#clearedSince.has(owner)) return undefined;
    }
    return this.#read(key);
  }

  #put(key: Buffer, value: Uint8Array | null): void {
    const name = nameOf(key);
    const before = this.#changes.get(name);
    if (!this.#before.has(name)) this.#before.set(name, before === undefined ? (this.#stored(key) ?? null) : before);
    if (this.#marks.length > 0) this.#undo.push(() => (before === undefined ? this.#changes.delete(name) : this.#changes.set(name, before)));
    this.#changes.set(name, value);
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
