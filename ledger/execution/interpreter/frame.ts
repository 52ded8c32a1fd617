// One call: its stack, its memory, its gas, and what it may see.
import type { Code } from './code';
import { halts } from './halt';
import { Memory } from './memory';
import type { Holder, World } from './world';

/** What every frame of a transaction sees (Yellow Paper, 9.3). */
export interface Surroundings {
  readonly world: World;
  readonly origin: bigint;
  readonly gasPrice: bigint;
  readonly coinbase: bigint;
  readonly timestamp: bigint;
  readonly number: bigint;
  readonly random: bigint;
  readonly gasLimit: bigint;
  readonly baseFee: bigint;
  readonly chainId: bigint;
  readonly call: (call: Call) => CallResult;
}

export interface Call {
  /** Whose storage and balance are used. */
  readonly self: Holder;
  readonly caller: bigint;
  /** What CALLVALUE shows; it has been moved already. */
  readonly value: bigint;
  readonly code: Code;
  readonly input: Buffer;
  readonly gas: number;
  readonly isStatic: boolean;
  readonly depth: number;
}

export interface CallResult {
  readonly ok: boolean;
  readonly gasLeft: number;
  readonly output: Buffer;
}

const mostItems = 1024;
const word = 2n ** 256n - 1n;

export class Frame {
  readonly memory = new Memory();
  readonly stack: bigint[] = [];
  pc = 0;
  gas: number;
  /** How it ended, once it has. */
  ended: 'returned' | 'reverted' | null = null;
  output: Buffer = Buffer.alloc(0);
  /** What the last call from here has returned. */
  returned: Buffer = Buffer.alloc(0);

  constructor(readonly call: Call, readonly around: Surroundings) {
    this.gas = call.gas;
  }

  pop(): bigint {
    const value = this.stack.pop();
    if (value === undefined) throw halts.stack;
    return value;
  }

  /** `value` lies within a word. */
  push(value: bigint): void {
    if (this.stack.length >= mostItems) throw halts.stack;
    this.stack.push(value);
  }

  /** Cut to a word. */
  pushWrapped(value: bigint): void {
    this.push(value & word);
  }

  spend(gas: number): void {
    this.gas -= gas;
    if (this.gas < 0) throw halts.outOfGas;
  }

  /** Memory that an instruction reads or writes, paid for. */
  bytes(offset: bigint, size: bigint): Buffer {
    this.spend(this.memory.grow(offset, size));
    return size === 0n ? Buffer.alloc(0) : this.memory.view(Number(offset), Number(size));
  }

  writable(): void {
    if (this.call.isStatic) throw halts.writeInStatic;
  }

  end(how: 'returned' | 'reverted', output: Buffer): void {
    this.ended = how;
    // Its memory may be written again where the caller is the same contract; a copy stays what it was.
    this.output = Buffer.from(output);
  }
}
