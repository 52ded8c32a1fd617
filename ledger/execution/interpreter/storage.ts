// Storage, transient storage and logs.
import type { Frame } from './frame';
import { halts } from './halt';
import type { Instructions } from './instruction';
import { copying } from './memory-instructions';

/** EIP-2929, EIP-2200 and EIP-3529. */
const gas = { coldSlot: 2100, warmSlot: 100, set: 20_000, reset: 2900, clearRefund: 4800, sentry: 2300 } as const;

function load(frame: Frame): void {
  const slot = frame.call.self.slot(frame.pop());
  frame.spend(frame.around.world.warm(slot) ? gas.warmSlot : gas.coldSlot);
  frame.push(slot.current);
}

function store(frame: Frame): void {
  frame.writable();
  const { world } = frame.around;
  const slot = frame.call.self.slot(frame.pop());
  const value = frame.pop();
  if (frame.gas <= gas.sentry) throw halts.outOfGas;
  const { original, current } = slot;
  if (!world.warm(slot)) frame.spend(gas.coldSlot);
  if (current === value || original !== current) frame.spend(gas.warmSlot);
  else frame.spend(original === 0n ? gas.set : gas.reset);
  const refund = refundOf(original, current, value);
  if (refund !== 0) world.addRefund(refund);
  if (current !== value) world.setSlot(slot, value);
}

function refundOf(original: bigint, current: bigint, value: bigint): number {
  if (current === value) return 0;
  if (original === current) return original !== 0n && value === 0n ? gas.clearRefund : 0;
  let refund = 0;
  if (original !== 0n && current === 0n) refund -= gas.clearRefund;
  else if (original !== 0n && value === 0n) refund += gas.clearRefund;
  if (original === value) refund += (original === 0n ? gas.set : gas.reset) - gas.warmSlot;
  return refund;
}

/** EIP-1153. */
function loadTransient(frame: Frame): void {
  frame.push(frame.call.self.slot(frame.pop()).transient);
}

function storeTransient(frame: Frame): void {
  frame.writable();
  const slot = frame.call.self.slot(frame.pop());
  frame.around.world.setTransient(slot, frame.pop());
}

function log(frame: Frame, op: number): void {
  frame.writable();
  const [offset, size] = [frame.pop(), frame.pop()];
  const topics = Array.from({ length: op - 0xa0 }, () => frame.pop());
  frame.spend(8 * Number(size > 2n ** 40n ? 2n ** 40n : size));
  frame.around.world.log({ address: frame.call.self.bytes, topics, data: frame.bytes(offset, size) });
}

export const storage: { readonly shanghai: Instructions; readonly cancun: Instructions } = {
  shanghai: {
    0x54: { gas: 0, run: load },
    0x55: { gas: 0, run: store },
    ...Object.fromEntries([0, 1, 2, 3, 4].map((topics) => [0xa0 + topics, { gas: 375 * (topics + 1), run: log }])),
  },
  cancun: {
    0x5c: { gas: 100, run: loadTransient },
    0x5d: { gas: 100, run: storeTransient },
    0x5e: copying,
  },
};
