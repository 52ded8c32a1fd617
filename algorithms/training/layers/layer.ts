// What every kind of layer says of itself: how it is read, which shapes it makes, and its forward and backward pass as ONNX nodes.
// Shapes leave the batch out; in the graph it is the first dimension. Every kind is checked against finite differences of a
// second implementation (layers.test.ts), so a rule here is only as good as its line there.
import { Fault, type Json } from '@oort/kernel-wire';
import type { GraphBuilder } from '../graph-builder';

export type Shape = readonly number[];

export class ArchitectureRefused extends Fault {
  constructor(message: string, detail: Json = null) { super('ARCHITECTURE_REFUSED', message, detail); }
}

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  /** Inputs of one unit: the variance of its first weights. */
  readonly fanIn: number;
  readonly first: 'normal' | 'zeros' | 'ones';
  /** What is not trained is measured by the training step, as the running mean of a normalisation. */
  readonly trained: boolean;
  /** Whether weight decay pulls on it: weights, but neither biases nor scales. */
  readonly decays: boolean;
}

export interface Plan { readonly to: Shape; readonly parameters: readonly Parameter[] }

/** A layer with the shapes around it and its parameters. */
export interface Planned<L> extends Plan {
  readonly layer: L;
  readonly from: Shape;
  /** Names its parameters, as in `layer3.weight`. */
  readonly name: string;
}

export interface Gradients {
  /** By the name of the parameter. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Of the layer's input. Asked for only where something below is trained. */
  input(): string;
}

export interface Forward {
  readonly output: string;
  /** The values that untrained parameters take after this step. */
  readonly measured?: ReadonlyMap<string, string>;
  backward(gradient: string): Gradients;
}

export interface Pass<L> {
  readonly builder: GraphBuilder;
  readonly planned: Planned<L>;
  readonly input: string;
  /** Null in a graph that only infers, whose batch is of any size. */
  readonly batchSize: number | null;
}

export interface LayerRule<L> {
  /** Throws ArchitectureRefused. */
  read(fields: LayerFields): L;
  /** Throws ArchitectureRefused when the layer does not fit what comes before it. */
  plan(layer: L, from: Shape, name: string): Plan;
  forward(pass: Pass<L>): Forward;
}

/** The members of a layer's JSON. */
export class LayerFields {
  constructor(private readonly fields: Readonly<Record<string, Json | undefined>>, private readonly name: string) {}

  /** A positive integer; `otherwise` when it is left out. */
  size(key: string, otherwise?: number): number {
    const value = this.fields[key] ?? otherwise;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
      throw new ArchitectureRefused(`${this.name}: ${key} must be a positive integer`);
    }
    return value;
  }

  /** False when it is left out. */
  flag(key: string): boolean {
    const value = this.fields[key] ?? false;
    if (typeof value !== 'boolean') throw new ArchitectureRefused(`${this.name}: ${key} must be true or false`);
    return value;
  }

  padding(key: string): number {
    const value = this.fields[key] ?? 0;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 64) {
      throw new ArchitectureRefused(`${this.name}: ${key} must be an integer from 0 to 64`);
    }
    return value;
  }
}

export function weight(name: string, shape: Shape, fanIn: number): Parameter {
  return { name, shape, fanIn, first: 'normal', trained: true, decays: true };
}

export function bias(name: string, shape: Shape): Parameter {
  return { name, shape, fanIn: 1, first: 'zeros', trained: true, decays: false };
}

export function scale(name: string, shape: Shape): Parameter {
  return { name, shape, fanIn: 1, first: 'ones', trained: true, decays: false };
}

export function measured(name: string, shape: Shape, first: 'zeros' | 'ones'): Parameter {
  return { name, shape, fanIn: 1, first, trained: false, decays: false };
}

/** Channels, height, width. Throws ArchitectureRefused. */
export function asImage(shape: Shape, name: string): readonly [channels: number, height: number, width: number] {
  const [channels, height, width] = shape;
  if (channels === undefined || height === undefined || width === undefined) {
    throw new ArchitectureRefused(`${name} needs an image as its input`);
  }
  return [channels, height, width];
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** 0 .. count - 1, as ONNX lists axes. */
export function axes(count: number): readonly number[] {
  return Array.from({ length: count }, (_, axis) => axis);
}

export const withoutParameters = (input: () => string): Gradients => ({ parameters: new Map(), input });
