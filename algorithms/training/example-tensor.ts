// An example's bytes as its network sees them, by what they say they are: an image's planes, a list of numbers, or a text's bytes.
import { Fault } from '@oort/kernel-wire';
import { imageShape, sizeOf, type Shape } from './architecture';
import { imageTensor } from './image-tensor';

export class ExampleUnreadable extends Fault {
  constructor(message: string) { super('EXAMPLE_UNREADABLE', message); }
}

/** Tokens of a text: 0 is the end, a byte of its UTF-8 is its value and one more. A vocabulary of 257 holds them all. */
const firstByte = 1;

/** Throws ImageUnreadable or ExampleUnreadable. */
export function exampleTensor(bytes: Buffer, mediaType: string, shape: Shape): Float32Array {
  const type = mediaType.split(';')[0];
  if (type === 'application/json') return numbersOf(bytes, sizeOf(shape));
  if (type === 'text/plain' && shape.length === 1) return tokensOf(bytes, sizeOf(shape));
  if (shape.length !== 3) throw new ExampleUnreadable(`the network does not take ${mediaType}`);
  return imageTensor(bytes, mediaType, imageShape({ input: shape }));
}

function numbersOf(bytes: Buffer, count: number): Float32Array {
  const numbers = parse(bytes.toString('utf8'));
  if (!Array.isArray(numbers)) throw new ExampleUnreadable('the example is not a list of numbers');
  const flat = (numbers as readonly unknown[]).flat(2);
  if (flat.length !== count || !flat.every((value) => typeof value === 'number' && Number.isFinite(value))) {
    throw new ExampleUnreadable(`the example is not a list of ${String(count)} numbers`);
  }
  return Float32Array.from(flat as readonly number[]);
}

/** What is longer is cut, what is shorter is filled with ends. */
function tokensOf(bytes: Buffer, length: number): Float32Array {
  const tokens = new Float32Array(length);
  bytes.subarray(0, length).forEach((byte, place) => { tokens[place] = byte + firstByte; });
  return tokens;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ExampleUnreadable('the example is not JSON');
  }
}
