// The table of instructions (Yellow Paper, appendix H), with the gas of EIP-2929, EIP-3529 and EIP-3855.
import { arithmetic } from './arithmetic';
import { calling } from './calling';
import { flow } from './flow';
import type { Instruction, Instructions } from './instruction';
import { memory } from './memory-instructions';
import { storage } from './storage';
import { surroundings } from './surroundings';

/** By opcode; what is not there is left to the library. */
export type Table = readonly (Instruction | undefined)[];

const shared: Instructions = { ...arithmetic, ...surroundings, ...memory, ...storage.shanghai, ...flow, ...calling };

export const tables: Readonly<Record<'shanghai' | 'cancun', Table>> = { shanghai: tableOf(shared), cancun: tableOf({ ...shared, ...storage.cancun }) };

function tableOf(instructions: Instructions): Table {
  return Array.from({ length: 256 }, (_, op) => instructions[op]);
}
