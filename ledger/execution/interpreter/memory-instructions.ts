// Reading and writing memory, and hashing it (Yellow Paper, appendix H.2, 20s, 30s and 50s).
import { keccakBytes } from '@oort/ledger-chain';
import type { Frame } from './frame';
import { halts } from './halt';
import type { Instructions } from './instruction';
import { wordOf, writeWord } from './world';

const wordsIn = (size: bigint): number => Number((size + 31n) / 32n);
/** A size that no gas pays for stays a number. */
const bounded = (size: bigint): bigint => (size > 2n ** 40n ? 2n ** 40n : size);

function load(frame: Frame): void {
  frame.push(wordOf(frame.bytes(frame.pop(), 32n)));
}

function store(frame: Frame): void {
  const offset = frame.pop();
  const value = frame.pop();
  writeWord(frame.bytes(offset, 32n), value);
}

function storeByte(frame: Frame): void {
  const offset = frame.pop();
  const value = frame.pop();
  frame.bytes(offset, 1n)[0] = Number(value & 0xffn);
}

function hash(frame: Frame): void {
  const [offset, size] = [frame.pop(), frame.pop()];
  frame.spend(6 * wordsIn(bounded(size)));
  frame.push(wordOf(keccakBytes(frame.bytes(offset, size))));
}

/** What lies behind the end of the source is zero. */
export function copyInto(frame: Frame, source: Uint8Array): void {
  const [to, from, size] = [frame.pop(), frame.pop(), frame.pop()];
  frame.spend(3 * wordsIn(bounded(size)));
  const target = frame.bytes(to, size);
  const part = from >= source.length ? new Uint8Array(0) : source.subarray(Number(from), Number(from) + target.length);
  target.set(part);
  target.fill(0, part.length);
}

function copyReturned(frame: Frame): void {
  const [to, from, size] = [frame.pop(), frame.pop(), frame.pop()];
  if (from + size > frame.returned.length) throw halts.returnData;
  frame.spend(3 * wordsIn(size));
  frame.bytes(to, size).set(frame.returned.subarray(Number(from), Number(from + size)));
}

function loadInput(frame: Frame): void {
  const from = frame.pop();
  const { input } = frame.call;
  const [first, end] = from >= input.length ? [0, 0] : [Number(from), Number(from) + 32];
  // What lies behind the end of the input is zero.
  frame.push(end > 0 && end <= input.length ? wordOf(input.subarray(first, end)) : BigInt(`0x${input.toString('hex', first, end).padEnd(64, '0')}`));
}

/** EIP-5656. */
function copyMemory(frame: Frame): void {
  const [to, from, size] = [frame.pop(), frame.pop(), frame.pop()];
  frame.spend(3 * wordsIn(bounded(size)));
  frame.spend(frame.memory.grow(to > from ? to : from, size));
  if (size > 0n) frame.memory.view(Number(to), Number(size)).set(Buffer.from(frame.memory.view(Number(from), Number(size))));
}

export const copying = { gas: 3, run: copyMemory } as const;

export const memory: Instructions = {
  0x20: { gas: 30, run: hash },
  0x35: { gas: 3, run: loadInput },
  0x36: { gas: 2, run: (frame) => { frame.push(BigInt(frame.call.input.length)); } },
  0x37: { gas: 3, run: (frame) => { copyInto(frame, frame.call.input); } },
  0x38: { gas: 2, run: (frame) => { frame.push(BigInt(frame.call.code.bytes.length)); } },
  0x39: { gas: 3, run: (frame) => { copyInto(frame, frame.call.code.bytes); } },
  0x3d: { gas: 2, run: (frame) => { frame.push(BigInt(frame.returned.length)); } },
  0x3e: { gas: 3, run: copyReturned },
  0x51: { gas: 3, run: load },
  0x52: { gas: 3, run: store },
  0x53: { gas: 3, run: storeByte },
  0x59: { gas: 2, run: (frame) => { frame.push(BigInt(frame.memory.size)); } },
};
