// One contract calls another: CALL, DELEGATECALL (EIP-7) and STATICCALL (EIP-214), with the gas of EIP-150 and EIP-2929.
import type { Frame } from './frame';
import { LeftToLibrary } from './halt';
import type { Instructions } from './instruction';
import { accountAt } from './surroundings';
import type { Holder } from './world';

const gas = { value: 9000, newAccount: 25_000, stipend: 2300 } as const;
/** Precompiled contracts are the library's, and so are frames deeper than this: the true limit is 1,024. */
const highestPrecompiled = 0x0an;
const deepest = 200;

interface Asked {
  readonly gas: bigint;
  readonly target: Holder;
  readonly value: bigint;
  readonly input: Buffer;
  readonly output: { readonly offset: bigint; readonly size: bigint };
}

/** Its arguments, with the memory that they need paid for. */
function asked(frame: Frame, op: number): Asked {
  const wanted = frame.pop();
  const target = accountAt(frame);
  if (target.address <= highestPrecompiled && target.address > 0n) throw new LeftToLibrary(op);
  if (frame.call.depth >= deepest) throw new LeftToLibrary(op);
  const value = op === 0xf1 ? frame.pop() : 0n;
  const [inOffset, inSize, offset, size] = [frame.pop(), frame.pop(), frame.pop(), frame.pop()];
  if (value > 0n) frame.writable();
  // The larger of the two is what grows the memory.
  frame.bytes(inOffset, inSize);
  frame.bytes(offset, size);
  return { gas: wanted, target, value, input: Buffer.from(frame.bytes(inOffset, inSize)), output: { offset, size } };
}

/** All but one 64th of what is left, unless less is asked for. */
function forwarded(frame: Frame, wanted: bigint): number {
  const most = frame.gas - Math.floor(frame.gas / 64);
  return wanted > BigInt(most) ? most : Number(wanted);
}

function call(frame: Frame, op: number): void {
  const { call: self, around } = frame;
  const { gas: wanted, target, value, input, output } = asked(frame, op);
  if (value > 0n) frame.spend(gas.value + (target.isEmpty ? gas.newAccount : 0));
  const given = forwarded(frame, wanted);
  frame.spend(given);
  const available = given + (value > 0n ? gas.stipend : 0);
  if (self.self.balance < value) {
    frame.gas += available;
    frame.returned = Buffer.alloc(0);
    frame.push(0n);
    return;
  }
  const mark = around.world.mark();
  around.world.move(self.self, target, value);
  const result = around.call({
    self: target, caller: self.self.address, value, code: target.code, input, gas: available,
    isStatic: self.isStatic || op === 0xfa, depth: self.depth + 1,
  });
  if (!result.ok) around.world.takeBack(mark);
  take(frame, result, output);
}

function delegate(frame: Frame, op: number): void {
  const { call: self, around } = frame;
  const { gas: wanted, target, input, output } = asked(frame, op);
  const given = forwarded(frame, wanted);
  frame.spend(given);
  const mark = around.world.mark();
  const result = around.call({ ...self, code: target.code, input, gas: given, depth: self.depth + 1 });
  if (!result.ok) around.world.takeBack(mark);
  take(frame, result, output);
}

function take(frame: Frame, { ok, gasLeft, output }: { readonly ok: boolean; readonly gasLeft: number; readonly output: Buffer }, to: Asked['output']): void {
  frame.gas += gasLeft;
  frame.returned = output;
  frame.bytes(to.offset, to.size).set(output.subarray(0, Number(to.size)));
  frame.push(ok ? 1n : 0n);
}

export const calling: Instructions = {
  0xf1: { gas: 0, run: call },
  0xf4: { gas: 0, run: delegate },
  0xfa: { gas: 0, run: call },
};
