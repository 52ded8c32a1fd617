// Where a code goes on, what lies on its stack, and how it ends (Yellow Paper, appendix H.2, 50s to 90s and f0s).
import type { Frame } from './frame';
import { halts } from './halt';
import type { Instructions } from './instruction';

function jumpTo(frame: Frame, destination: bigint): void {
  const { destinations } = frame.call.code;
  if (destination >= destinations.length || destinations[Number(destination)] !== 1) throw halts.jump;
  frame.pc = Number(destination);
}

function jumpIf(frame: Frame): void {
  const destination = frame.pop();
  if (frame.pop() !== 0n) jumpTo(frame, destination);
}

function push(frame: Frame, op: number): void {
  frame.push(frame.call.code.pushes.get(frame.pc - 1) ?? 0n);
  frame.pc += op - 0x5f;
}

function duplicate(frame: Frame, op: number): void {
  const value = frame.stack[frame.stack.length - (op - 0x7f)];
  if (value === undefined) throw halts.stack;
  frame.push(value);
}

function swap({ stack }: Frame, op: number): void {
  const [top, other] = [stack.length - 1, stack.length - 1 - (op - 0x8f)];
  const [first, second] = [stack[top], stack[other]];
  if (first === undefined || second === undefined) throw halts.stack;
  stack[top] = second;
  stack[other] = first;
}

function end(how: 'returned' | 'reverted'): (frame: Frame) => void {
  return (frame) => {
    const offset = frame.pop();
    frame.end(how, frame.bytes(offset, frame.pop()));
  };
}

const from = (first: number, count: number, gas: number, run: (frame: Frame, op: number) => void): Instructions =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [first + at, { gas, run }]));

export const flow: Instructions = {
  0x00: { gas: 0, run: (frame) => { frame.end('returned', Buffer.alloc(0)); } },
  0x50: { gas: 2, run: (frame) => { frame.pop(); } },
  0x56: { gas: 8, run: (frame) => { jumpTo(frame, frame.pop()); } },
  0x57: { gas: 10, run: jumpIf },
  0x58: { gas: 2, run: (frame) => { frame.push(BigInt(frame.pc - 1)); } },
  0x5a: { gas: 2, run: (frame) => { frame.push(BigInt(frame.gas)); } },
  0x5b: { gas: 1, run: () => undefined },
  0x5f: { gas: 2, run: (frame) => { frame.push(0n); } },
  ...from(0x60, 32, 3, push),
  ...from(0x80, 16, 3, duplicate),
  ...from(0x90, 16, 3, swap),
  0xf3: { gas: 0, run: end('returned') },
  0xfd: { gas: 0, run: end('reverted') },
  0xfe: { gas: 0, run: () => { throw halts.invalid; } },
};
