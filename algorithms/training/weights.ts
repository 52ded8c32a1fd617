// Weights by name, their first values, and their file: safetensors (a length, a JSON header, little-endian float32),
// because every framework reads it and it holds nothing that can be executed.
import { Fault, type Json } from '@oort/kernel-wire';
import { parameters, sizeOf, type Architecture } from './architecture';
import { SeededRandom } from '@oort/algorithms-random';

export interface WeightTensor { readonly shape: readonly number[]; readonly values: Float32Array }
export type Weights = ReadonlyMap<string, WeightTensor>;

export class WeightsCorrupt extends Fault {
  constructor(message: string, detail: Json = null) { super('WEIGHTS_CORRUPT', message, detail); }
}

const initialisation = 1;

/** He et al. 2015: normal with variance 2 / inputs; biases zero, scales one. Equal seeds give equal bytes on every machine up to its Math.log and Math.cos. */
export function initialWeights(architecture: Architecture, seed: number): Weights {
  return new Map(parameters(architecture).map((parameter, index) => {
    const random = new SeededRandom(seed, initialisation, index);
    const deviation = Math.sqrt(2 / parameter.fanIn);
    const first = { normal: () => random.normal() * deviation, zeros: () => 0, ones: () => 1 }[parameter.first];
    const values = Float32Array.from({ length: sizeOf(parameter.shape) }, first);
    return [parameter.name, { shape: parameter.shape, values }];
  }));
}

export function encodeWeights(weights: Weights, metadata: Readonly<Record<string, string>> = {}): Buffer {
  const header: Record<string, Json> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const [name, { shape, values }] of weights) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.length * 4] };
    offset += values.length * 4;
  }
  const text = Buffer.from(JSON.stringify(header));
  // The format asks that the data starts at a multiple of eight; spaces fill the header.
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const file = Buffer.alloc(8 + padded.length + offset);
  file.writeBigUInt64LE(BigInt(padded.length), 0);
  padded.copy(file, 8);
  let at = 8 + padded.length;
  for (const { values } of weights.values()) {
    for (const value of values) {
      file.writeFloatLE(value, at);
      at += 4;
    }
  }
  return file;
}

/** Throws WeightsCorrupt when the bytes are not such a file, or a value is not finite. */
export function decodeWeights(file: Uint8Array): { readonly weights: Weights; readonly metadata: Readonly<Record<string, string>> } {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 8) throw new WeightsCorrupt('the file is shorter than its length field');
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > bytes.length - 8) throw new WeightsCorrupt('the header is longer than the file');
  const header = parseHeader(bytes.subarray(8, 8 + headerLength).toString('utf8'));
  const data = bytes.subarray(8 + headerLength);
  const weights = new Map<string, WeightTensor>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') metadata = entry as Readonly<Record<string, string>>;
    else weights.set(name, readTensor(name, entry, data));
  }
  return { weights, metadata };
}

/** Throws WeightsCorrupt unless the weights are exactly those of the architecture. */
export function requireFitting(architecture: Architecture, weights: Weights): void {
  const expected = parameters(architecture);
  if (expected.length !== weights.size) {
    throw new WeightsCorrupt('the weights have another number of tensors than the architecture');
  }
  for (const { name, shape } of expected) {
    if (weights.get(name)?.shape.join() !== shape.join()) {
      throw new WeightsCorrupt('a tensor does not fit the architecture', { name });
    }
  }
}

function parseHeader(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object') return parsed as Readonly<Record<string, unknown>>;
  } catch {
    // Falls through to the one fault for every unreadable header.
  }
  throw new WeightsCorrupt('the header is not JSON');
}

function readTensor(name: string, entry: unknown, data: Buffer): WeightTensor {
  const { dtype, shape, data_offsets: offsets } = entry as { readonly dtype?: unknown; readonly shape?: unknown; readonly data_offsets?: unknown };
  if (dtype !== 'F32' || !Array.isArray(shape) || !Array.isArray(offsets)) {
    throw new WeightsCorrupt('a tensor is not float32', { name });
  }
  const dims = shape.map(Number);
  const [start, end] = offsets.map(Number);
  if (start === undefined || end === undefined || start < 0 || end > data.length || end - start !== sizeOf(dims) * 4) {
    throw new WeightsCorrupt('a tensor lies outside the file', { name });
  }
  const values = new Float32Array((end - start) / 4);
  for (let index = 0; index < values.length; index += 1) {
    const value = data.readFloatLE(start + index * 4);
    if (!Number.isFinite(value)) throw new WeightsCorrupt('a value is not finite', { name });
    values[index] = value;
  }
  return { shape: dims, values };
}
