// Numbers and bits (Yellow Paper, appendix H.2, 0s and 10s). A word is a bigint from 0 to 2^256 - 1; signed ones are in two's complement.
import type { Frame } from './frame';
import type { Instructions } from './instruction';

const bits = 256;
const signed = (value: bigint): bigint => BigInt.asIntN(bits, value);
const truth = (is: boolean): bigint => (is ? 1n : 0n);

function of1(gas: number, act: (a: bigint) => bigint): { readonly gas: number; readonly run: (frame: Frame) => void } {
  return { gas, run: (frame) => { frame.pushWrapped(act(frame.pop())); } };
}

function of2(gas: number, act: (a: bigint, b: bigint) => bigint): { readonly gas: number; readonly run: (frame: Frame) => void } {
  return {
    gas,
    run(frame) {
      const a = frame.pop();
      frame.pushWrapped(act(a, frame.pop()));
    },
  };
}

function of3(gas: number, act: (a: bigint, b: bigint, c: bigint) => bigint): { readonly gas: number; readonly run: (frame: Frame) => void } {
  return {
    gas,
    run(frame) {
      const [a, b] = [frame.pop(), frame.pop()];
      frame.pushWrapped(act(a, b, frame.pop()));
    },
  };
}

function exponentiate(frame: Frame): void {
  const base = frame.pop();
  let exponent = frame.pop();
  frame.spend(50 * Math.ceil(exponent.toString(16).length / 2) * (exponent === 0n ? 0 : 1));
  let [power, square] = [1n, base];
  for (; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) power = BigInt.asUintN(bits, power * square);
    square = BigInt.asUintN(bits, square * square);
  }
  frame.push(power);
}

function extendSign(size: bigint, value: bigint): bigint {
  return size >= 31n ? value : BigInt.asIntN(8 * (Number(size) + 1), value);
}

function shiftRightSigned(shift: bigint, value: bigint): bigint {
  return signed(value) >> (shift > 255n ? 255n : shift);
}

export const arithmetic: Instructions = {
  0x01: of2(3, (a, b) => a + b),
  0x02: of2(5, (a, b) => a * b),
  0x03: of2(3, (a, b) => a - b),
  0x04: of2(5, (a, b) => (b === 0n ? 0n : a / b)),
  0x05: of2(5, (a, b) => (b === 0n ? 0n : signed(a) / signed(b))),
  0x06: of2(5, (a, b) => (b === 0n ? 0n : a % b)),
  0x07: of2(5, (a, b) => (b === 0n ? 0n : signed(a) % signed(b))),
  0x08: of3(8, (a, b, modulus) => (modulus === 0n ? 0n : (a + b) % modulus)),
  0x09: of3(8, (a, b, modulus) => (modulus === 0n ? 0n : (a * b) % modulus)),
  0x0a: { gas: 10, run: exponentiate },
  0x0b: of2(5, extendSign),
  0x10: of2(3, (a, b) => truth(a < b)),
  0x11: of2(3, (a, b) => truth(a > b)),
  0x12: of2(3, (a, b) => truth(signed(a) < signed(b))),
  0x13: of2(3, (a, b) => truth(signed(a) > signed(b))),
  0x14: of2(3, (a, b) => truth(a === b)),
  0x15: of1(3, (a) => truth(a === 0n)),
  0x16: of2(3, (a, b) => a & b),
  0x17: of2(3, (a, b) => a | b),
  0x18: of2(3, (a, b) => a ^ b),
  0x19: of1(3, (a) => ~a),
  0x1a: of2(3, (place, value) => (place > 31n ? 0n : (value >> (8n * (31n - place))) & 0xffn)),
  0x1b: of2(3, (shift, value) => (shift > 255n ? 0n : value << shift)),
  0x1c: of2(3, (shift, value) => (shift > 255n ? 0n : value >> shift)),
  0x1d: of2(3, shiftRightSigned),
};
