// What a contract sees of the transaction, of the block and of other accounts (Yellow Paper, appendix H.2, 30s and 40s).
import type { Frame, Surroundings } from './frame';
import type { Instruction, Instructions } from './instruction';
import { copyInto } from './memory-instructions';
import type { Holder } from './world';

const address = 2n ** 160n - 1n;

const shown = (name: Exclude<keyof Surroundings, 'world' | 'call'>): Instruction => ({ gas: 2, run: (frame) => { frame.push(frame.around[name]); } });

/** EIP-2929: the first look at an account costs more. */
export function accountAt(frame: Frame): Holder {
  const { world } = frame.around;
  const holder = world.holder(frame.pop() & address);
  frame.spend(world.warm(holder) ? 100 : 2600);
  return holder;
}

export const surroundings: Instructions = {
  0x30: { gas: 2, run: (frame) => { frame.push(frame.call.self.address); } },
  0x31: { gas: 0, run: (frame) => { frame.push(accountAt(frame).balance); } },
  0x32: shown('origin'),
  0x33: { gas: 2, run: (frame) => { frame.push(frame.call.caller); } },
  0x34: { gas: 2, run: (frame) => { frame.push(frame.call.value); } },
  0x3a: shown('gasPrice'),
  0x3b: { gas: 0, run: (frame) => { frame.push(BigInt(accountAt(frame).codeBytes.length)); } },
  0x3c: { gas: 0, run: (frame) => { copyInto(frame, accountAt(frame).codeBytes); } },
  0x3f: { gas: 0, run: (frame) => { frame.push(accountAt(frame).codeHash); } },
  0x41: shown('coinbase'),
  0x42: shown('timestamp'),
  0x43: shown('number'),
  0x44: shown('random'),
  0x45: shown('gasLimit'),
  0x46: shown('chainId'),
  0x47: { gas: 5, run: (frame) => { frame.push(frame.call.self.balance); } },
  0x48: shown('baseFee'),
};
