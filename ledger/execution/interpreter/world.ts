// The state as one transaction sees and changes it. Everything stays here until the transaction is over: where it is left to the library
// after all, nothing has happened.
import { Account } from '@ethereumjs/util';
import type { Hash, Log } from '@oort/ledger-chain';
import type { FlatState } from '../flat-state';
import { codeFrom, type Code } from './code';

export class Slot {
  isWarm = false;
  current: bigint;
  transient = 0n;

  constructor(readonly key: bigint, /** Before the transaction. */ readonly original: bigint) {
    this.current = original;
  }
}

/** An account, there or not. */
export class Holder {
  isWarm = false;
  readonly slots = new Map<bigint, Slot>();
  readonly bytes: Buffer;
  readonly #before: Account | undefined;
  nonce: bigint;
  balance: bigint;

  constructor(readonly address: bigint, private readonly state: FlatState) {
    this.bytes = bytesOf(address, 20);
    this.#before = state.accountAt(this.bytes);
    this.nonce = this.#before?.nonce ?? 0n;
    this.balance = this.#before?.balance ?? 0n;
  }

  get code(): Code {
    return codeFrom(this.codeBytes);
  }

  get codeBytes(): Uint8Array {
    return this.#before === undefined ? new Uint8Array(0) : this.state.codeOf(this.#before);
  }

  get hasCode(): boolean {
    return this.#before?.isContract() ?? false;
  }

  /** EIP-161: as if it were not there. */
  get isEmpty(): boolean {
    return this.nonce === 0n && this.balance === 0n && !this.hasCode;
  }

  /** EIP-1052. */
  get codeHash(): bigint {
    return this.isEmpty ? 0n : wordOf((this.#before ?? new Account()).codeHash);
  }

  slot(key: bigint): Slot {
    let slot = this.slots.get(key);
    if (slot === undefined) this.slots.set(key, slot = new Slot(key, wordOf(this.state.storageAt(this.bytes, bytesOf(key, 32)))));
    return slot;
  }

  write(): void {
    const before = this.#before ?? new Account();
    if (this.nonce !== before.nonce || this.balance !== before.balance) {
      this.state.putAccountAt(this.bytes, new Account(this.nonce, this.balance, before.storageRoot, before.codeHash));
    }
    for (const { key, original, current } of this.slots.values()) {
      if (current !== original) this.state.putStorageAt(this.bytes, bytesOf(key, 32), bytesOf(current, 32));
    }
  }
}

export class World {
  readonly logs: Log[] = [];
  refund = 0;
  readonly #holders = new Map<bigint, Holder>();
  readonly #undo: (() => void)[] = [];

  /** `isWarm` says which accounts count as touched from the beginning. */
  constructor(private readonly state: FlatState, private readonly isWarm: (address: bigint) => boolean) {}

  holder(address: bigint): Holder {
    let holder = this.#holders.get(address);
    if (holder === undefined) {
      this.#holders.set(address, holder = new Holder(address, this.state));
      holder.isWarm = this.isWarm(address);
    }
    return holder;
  }

  /** Where a frame begins; `takeBack` returns to it. */
  mark(): number {
    return this.#undo.length;
  }

  takeBack(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  /** EIP-2929: true where it was touched in this transaction before. */
  warm(touched: Holder | Slot): boolean {
    if (touched.isWarm) return true;
    touched.isWarm = true;
    this.#undo.push(() => { touched.isWarm = false; });
    return false;
  }

  setBalance(holder: Holder, balance: bigint): void {
    const before = holder.balance;
    holder.balance = balance;
    this.#undo.push(() => { holder.balance = before; });
  }

  move(from: Holder, to: Holder, value: bigint): void {
    if (value === 0n) return;
    this.setBalance(from, from.balance - value);
    this.setBalance(to, to.balance + value);
  }

  setSlot(slot: Slot, value: bigint): void {
    const before = slot.current;
    slot.current = value;
    this.#undo.push(() => { slot.current = before; });
  }

  setTransient(slot: Slot, value: bigint): void {
    const before = slot.transient;
    slot.transient = value;
    this.#undo.push(() => { slot.transient = before; });
  }

  addRefund(gas: number): void {
    this.refund += gas;
    this.#undo.push(() => { this.refund -= gas; });
  }

  log(log: { readonly address: Buffer; readonly topics: readonly bigint[]; readonly data: Buffer }): void {
    this.logs.push({
      address: `0x${log.address.toString('hex')}`, topics: log.topics.map((topic): Hash => `0x${bytesOf(topic, 32).toString('hex')}`), data: `0x${log.data.toString('hex')}`,
    });
    this.#undo.push(() => { this.logs.pop(); });
  }

  /** Once the transaction is over. */
  write(): void {
    for (const holder of this.#holders.values()) holder.write();
  }
}

/** Most words are small (pointers, sizes, flags), and digits cost several times as much as a number. */
const mostByNumber = 6;
const belowNumber = 2n ** BigInt(8 * mostByNumber);

/** Big endian. */
export function bytesOf(value: bigint, size: 20 | 32): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  writeWord(bytes, value, size);
  return bytes;
}

/** Big endian, into the first `size` bytes of `target`. */
export function writeWord(target: Buffer, value: bigint, size: 20 | 32 = 32): void {
  if (value >= belowNumber) {
    target.write(value.toString(16).padStart(2 * size, '0'), 'hex');
    return;
  }
  target.fill(0, 0, size - mostByNumber);
  target.writeUIntBE(Number(value), size - mostByNumber, mostByNumber);
}

export function wordOf(bytes: Uint8Array): bigint {
  const view = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { length } = view;
  if (length === 0) return 0n;
  if (length <= mostByNumber) return BigInt(view.readUIntBE(0, length));
  const first = length - mostByNumber;
  let zeros = 0;
  while (zeros < first && view[zeros] === 0) zeros += 1;
  return zeros === first ? BigInt(view.readUIntBE(first, mostByNumber)) : BigInt(`0x${view.toString('hex')}`);
}
