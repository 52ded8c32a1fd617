// Two ways out of a frame that are no answer of the contract. Both are thrown, and neither leaves this folder.
import { Fault } from '@oort/kernel-wire';

/** An exceptional halt (Yellow Paper, 9.4.2): the frame's gas is gone and what it changed is taken back. */
export class Halt extends Fault {
  constructor(why: string) {
    super('EXCEPTIONAL_HALT', why);
  }
}

/** Something that is left to the library: the transaction is run there from its beginning. */
export class LeftToLibrary extends Fault {
  constructor(instruction: number) {
    super('LEFT_TO_LIBRARY', `the instruction 0x${instruction.toString(16)} is left to the library`);
  }
}

/** Made once: contracts halt often, and nobody reads where. */
export const halts = {
  outOfGas: new Halt('out of gas'),
  stack: new Halt('the stack is too short or too long'),
  jump: new Halt('a jump to where none may go'),
  writeInStatic: new Halt('a write in a static call'),
  returnData: new Halt('more than was returned'),
  invalid: new Halt('an invalid instruction'),
} as const;
