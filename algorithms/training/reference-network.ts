// The same network in plain loops and double precision, written from the definitions: no backward pass stands here, the tape derives
// it. It shares with the graphs only the description of the layers, and is what they are checked against.
import { planLayers, sizeOf, type Architecture, type PlannedLayer } from './architecture';
import { referenceAttention, referenceEmbedding, referenceNorm } from './reference-sequence';
import { Tape, type Value } from './tape';
import type { Weights } from './weights';

export interface ReferenceGradients { readonly loss: number; readonly gradients: ReadonlyMap<string, Float64Array>; readonly outputs: readonly (readonly number[])[] }

/** One row an example. */
export type Rows = readonly (readonly Value[])[];

export interface ReferencePass { readonly tape: Tape; readonly planned: PlannedLayer; readonly rows: Rows; parameter(role: string): readonly Value[] }

/** Weights in double precision, so that a difference of 1e-6 can be seen. */
export type ReferenceWeights = ReadonlyMap<string, { readonly values: Float32Array | Float64Array }>;

/** Loss and gradients of one batch; `inputs` and `targets` lie one example after another. */
export function referenceGradients(architecture: Architecture, weights: Weights | ReferenceWeights, inputs: Float32Array, targets: Float32Array): ReferenceGradients {
  const tape = new Tape();
  const places = new Map([...weights].map(([name, { values }]) => [name, [...values].map((value) => tape.leaf(value))]));
  const classes = architecture.labels.length;
  const size = sizeOf(architecture.input);
  let rows: Rows = Array.from({ length: targets.length / classes }, (_, row) => [...inputs.subarray(row * size, (row + 1) * size)].map((value) => tape.leaf(value)));
  for (const planned of planLayers(architecture)) {
    rows = layerOf({ tape, planned, rows, parameter: (role) => places.get(`${planned.name}.${role}`) ?? [] });
  }
  const loss = architecture.loss === 'mse' ? meanSquares(tape, rows, targets) : crossEntropy(tape, rows, targets);
  const all = tape.gradient(loss);
  return {
    loss: tape.at(loss), outputs: rows.map((row) => row.map((value) => tape.at(value))),
    gradients: new Map([...places].map(([name, own]) => [name, Float64Array.from(own, (place) => all[place] ?? 0)])),
  };
}

function layerOf(pass: ReferencePass): Rows {
  const { tape, planned: { layer, from, to }, rows, parameter } = pass;
  const each = (of: (row: readonly Value[]) => readonly Value[]): Rows => rows.map(of);
  switch (layer.kind) {
    case 'flatten': return rows;
    case 'relu': return each((row) => row.map((value) => tape.map(value, (x) => Math.max(0, x), (x) => (x > 0 ? 1 : 0))));
    case 'gelu': return each((row) => row.map((value) => tape.map(value, (x) => x * below(x), (x) => below(x) + x * density(x))));
    case 'softmax': return each((row) => inParts(row, from.at(-1) ?? 1).flatMap((part) => shares(tape, part)));
    case 'dense': return each((row) => inParts(row, from.at(-1) ?? 1).flatMap((part) => affine(tape, part, parameter('weight'), parameter('bias'))));
    case 'conv2d': return each((row) => convolve(pass, layer, row));
    case 'max-pool': return each((row) => windows(from, to, layer.size).map((window) => {
      const largest = window.reduce((best, place) => (tape.at(row[place] ?? -1) > tape.at(row[best] ?? -1) ? place : best), window[0] ?? 0);
      return row[largest] ?? -1;
    }));
    case 'average-pool': return each((row) => windows(from, to, layer.size).map((window) => tape.sum(window.map((place) => row[place] ?? -1), 1 / window.length)));
    case 'mean': return each((row) => meanOf(tape, row, from));
    case 'batch-norm': {
      const perChannel = sizeOf(from.slice(1));
      return referenceNorm(pass, (place) => Math.floor(place / perChannel), (_, place) => rows.flatMap((other) => inParts(other, perChannel)[Math.floor(place / perChannel)] ?? []));
    }
    case 'layer-norm': {
      const width = from.at(-1) ?? 1;
      return referenceNorm(pass, (place) => place % width, (row, place) => inParts(rows[row] ?? [], width)[Math.floor(place / width)] ?? []);
    }
    case 'embedding': return referenceEmbedding(pass, layer.width);
    case 'attention': return referenceAttention(pass, layer);
  }
}

/** `weight` lies input by input. */
export function affine(tape: Tape, inputs: readonly Value[], weight: readonly Value[], bias: readonly Value[]): readonly Value[] {
  return bias.map((added, unit) => tape.dot(inputs, inputs.map((_, input) => weight[input * bias.length + unit] ?? -1), added));
}

export function shares(tape: Tape, scores: readonly Value[]): readonly Value[] {
  const powers = scores.map((score) => tape.map(score, Math.exp, Math.exp));
  const total = tape.sum(powers);
  return powers.map((power) => tape.quotient(power, total));
}

export function inParts<T>(row: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: row.length / size }, (_, part) => row.slice(part * size, (part + 1) * size));
}

function convolve({ tape, planned: { from, to }, parameter }: ReferencePass, layer: { readonly kernel: number; readonly stride: number; readonly padding: number }, row: readonly Value[]): readonly Value[] {
  const [channels = 0, height = 0, width = 0] = from;
  const [, rows = 0, columns = 0] = to;
  const [weight, bias] = [parameter('weight'), parameter('bias')];
  const { kernel, stride, padding } = layer;
  return bias.flatMap((added, filter) => Array.from({ length: rows * columns }, (_, place) => {
    const [left, right]: [Value[], Value[]] = [[], []];
    for (let tap = 0; tap < channels * kernel * kernel; tap += 1) {
      const y = Math.floor(place / columns) * stride + Math.floor(tap / kernel) % kernel - padding;
      const x = (place % columns) * stride + tap % kernel - padding;
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      left.push(row[(Math.floor(tap / (kernel * kernel)) * height + y) * width + x] ?? -1);
      right.push(weight[filter * channels * kernel * kernel + tap] ?? -1);
    }
    return tape.dot(left, right, added);
  }));
}

/** For each output place, the input places under its window. */
function windows(from: readonly number[], to: readonly number[], size: number): readonly (readonly number[])[] {
  const [, height = 0, width = 0] = from;
  const [channels = 0, rows = 0, columns = 0] = to;
  return Array.from({ length: channels * rows * columns }, (_, output) => Array.from({ length: size * size }, (__, tap) => {
    const y = (Math.floor(output / columns) % rows) * size + Math.floor(tap / size);
    return (Math.floor(output / (rows * columns)) * height + y) * width + (output % columns) * size + tap % size;
  }));
}

function meanOf(tape: Tape, row: readonly Value[], from: readonly number[]): readonly Value[] {
  if (from.length === 3) return inParts(row, sizeOf(from.slice(1))).map((plane) => tape.sum(plane, 1 / plane.length));
  const width = from[1] ?? 1;
  return Array.from({ length: width }, (_, column) => tape.sum(row.filter((__, place) => place % width === column), width / row.length));
}

function crossEntropy(tape: Tape, rows: Rows, targets: Float32Array): Value {
  const terms = rows.flatMap((row, example) => shares(tape, row).map((share, index) =>
    tape.map(share, (x) => -(targets[example * row.length + index] ?? 0) * Math.log(x), (x) => -(targets[example * row.length + index] ?? 0) / x)));
  return tape.sum(terms, 1 / rows.length);
}

function meanSquares(tape: Tape, rows: Rows, targets: Float32Array): Value {
  const terms = rows.flat().map((value, index) => tape.map(value, (x) => (x - (targets[index] ?? 0)) ** 2, (x) => 2 * (x - (targets[index] ?? 0))));
  return tape.sum(terms, 1 / terms.length);
}

const density = (x: number): number => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

/** The normal distribution's share below x, by the series of Marsaglia 2004, which has no cancellation. */
function below(x: number): number {
  if (Math.abs(x) > 12) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && odd < 1000; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * density(x);
}
