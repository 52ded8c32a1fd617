import type { Frame } from './frame';

export interface Instruction {
  /** What it costs whatever it does. */
  readonly gas: number;
  /** `frame.pc` is behind it already. */
  readonly run: (frame: Frame, op: number) => void;
}

/** By opcode. */
export type Instructions = Readonly<Record<number, Instruction>>;
