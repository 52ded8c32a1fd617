// A network as a list of layers, checked once: after `readArchitecture` every layer's shapes fit and the last one has a unit for each label.
import { Fault, type Json } from '@oort/kernel-wire';

export type Layer =
  | { readonly kind: 'conv2d'; readonly filters: number; readonly kernel: number; readonly stride: number; readonly padding: number }
  | { readonly kind: 'dense'; readonly units: number }
  | { readonly kind: 'max-pool'; /** Window and stride: windows do not overlap. */ readonly size: number }
  | { readonly kind: 'relu' }
  | { readonly kind: 'flatten' };

/** Channels, height, width of one example. */
export type ImageShape = readonly [channels: number, height: number, width: number];

export interface Architecture {
  readonly input: ImageShape;
  readonly labels: readonly string[];
  readonly layers: readonly Layer[];
}

export interface Parameter { readonly name: string; readonly shape: readonly number[]; /** Inputs of one unit: the variance of its first weights. */ readonly fanIn: number }

/** A layer with the shapes (without the batch) around it and its parameters. */
export interface PlannedLayer {
  readonly layer: Layer;
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
}

export class ArchitectureRefused extends Fault {
  constructor(message: string, detail: Json = null) { super('ARCHITECTURE_REFUSED', message, detail); }
}

const maximumParameters = 20_000_000;

/** Throws ArchitectureRefused, which says which layer is wrong. */
export function readArchitecture(json: Json): Architecture {
  const record = asRecord(json, 'the architecture');
  const input = asArray(record['input'], 'input').map((size) => positive(size, 'input'));
  const [channels, height, width] = input;
  if (channels === undefined || height === undefined || width === undefined || input.length !== 3) {
    throw new ArchitectureRefused('input must be [channels, height, width]');
  }
  const labels = asArray(record['labels'], 'labels').map((label) => {
    if (typeof label !== 'string' || label === '') {
      throw new ArchitectureRefused('labels must be non-empty strings');
    }
    return label;
  });
  if (labels.length < 2 || new Set(labels).size !== labels.length) {
    throw new ArchitectureRefused('there must be at least two labels, all different');
  }
  const layers = asArray(record['layers'], 'layers').map(readLayer);
  const architecture: Architecture = { input: [channels, height, width], labels, layers };
  planLayers(architecture);
  return architecture;
}

/** Throws ArchitectureRefused when a layer does not fit what comes before it. */
export function planLayers(architecture: Architecture): readonly PlannedLayer[] {
  let shape: readonly number[] = architecture.input;
  const planned = architecture.layers.map((layer, index) => {
    const next = planLayer(layer, shape, index);
    shape = next.to;
    return next;
  });
  if (shape.length !== 1 || shape[0] !== architecture.labels.length) {
    throw new ArchitectureRefused('the last layer must be dense with one unit for each label', { shape: [...shape], labels: architecture.labels.length });
  }
  const total = planned.flatMap(parametersOf).reduce((sum, parameter) => sum + sizeOf(parameter.shape), 0);
  if (total > maximumParameters) {
    throw new ArchitectureRefused('the network has too many parameters', { total, maximum: maximumParameters });
  }
  return planned;
}

/** In the order in which they stand in every weight file and graph. */
export function parameters(architecture: Architecture): readonly Parameter[] {
  return planLayers(architecture).flatMap(parametersOf);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function parametersOf(planned: PlannedLayer): Parameter[] {
  return [planned.weight, planned.bias].filter((parameter) => parameter !== null);
}

function planLayer(layer: Layer, from: readonly number[], index: number): PlannedLayer {
  switch (layer.kind) {
    case 'relu': return { layer, from, to: from, weight: null, bias: null };
    case 'flatten': return { layer, from, to: [sizeOf(from)], weight: null, bias: null };
    case 'max-pool': {
      const [channels, height, width] = asImage(from, index);
      if (layer.size > height || layer.size > width) {
        throw new ArchitectureRefused(`layer ${String(index)}: the pooling window is larger than the image`);
      }
      return { layer, from, to: [channels, Math.floor(height / layer.size), Math.floor(width / layer.size)], weight: null, bias: null };
    }
    case 'dense': {
      const [inputs] = from;
      if (inputs === undefined || from.length !== 1) {
        throw new ArchitectureRefused(`layer ${String(index)}: dense needs a flat input`);
      }
      return { layer, from, to: [layer.units], weight: { name: `layer${String(index)}.weight`, shape: [inputs, layer.units], fanIn: inputs }, bias: { name: `layer${String(index)}.bias`, shape: [layer.units], fanIn: inputs } };
    }
    case 'conv2d': {
      const [channels, height, width] = asImage(from, index);
      const rows = Math.floor((height + 2 * layer.padding - layer.kernel) / layer.stride) + 1;
      const columns = Math.floor((width + 2 * layer.padding - layer.kernel) / layer.stride) + 1;
      if (rows < 1 || columns < 1) {
        throw new ArchitectureRefused(`layer ${String(index)}: the kernel is larger than the image`);
      }
      const fanIn = channels * layer.kernel * layer.kernel;
      return {
        layer, from, to: [layer.filters, rows, columns],
        weight: { name: `layer${String(index)}.weight`, shape: [layer.filters, channels, layer.kernel, layer.kernel], fanIn },
        bias: { name: `layer${String(index)}.bias`, shape: [layer.filters], fanIn },
      };
    }
  }
}

function readLayer(json: Json, index: number): Layer {
  const record = asRecord(json, `layer ${String(index)}`);
  const at = (key: string): number => positive(record[key], `layer ${String(index)} ${key}`);
  switch (String(record['kind'])) {
    case 'relu': return { kind: 'relu' };
    case 'flatten': return { kind: 'flatten' };
    case 'dense': return { kind: 'dense', units: at('units') };
    case 'max-pool': return { kind: 'max-pool', size: at('size') };
    case 'conv2d': {
      const padding = record['padding'] ?? 0;
      if (typeof padding !== 'number' || !Number.isInteger(padding) || padding < 0 || padding > 64) {
        throw new ArchitectureRefused(`layer ${String(index)}: padding must be an integer from 0 to 64`);
      }
      return { kind: 'conv2d', filters: at('filters'), kernel: at('kernel'), stride: record['stride'] === undefined ? 1 : at('stride'), padding };
    }
    default: throw new ArchitectureRefused(`layer ${String(index)} is of an unknown kind`, record['kind'] ?? null);
  }
}

function asImage(shape: readonly number[], index: number): ImageShape {
  const [channels, height, width] = shape;
  if (channels === undefined || height === undefined || width === undefined) {
    throw new ArchitectureRefused(`layer ${String(index)} needs an image as its input`);
  }
  return [channels, height, width];
}

function asRecord(json: Json, what: string): Readonly<Record<string, Json | undefined>> {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new ArchitectureRefused(`${what} must be an object`);
  }
  return json as Readonly<Record<string, Json | undefined>>;
}

function asArray(json: Json | undefined, what: string): readonly Json[] {
  if (!Array.isArray(json) || json.length === 0 || json.length > 10_000) {
    throw new ArchitectureRefused(`${what} must be a list`);
  }
  return json as readonly Json[];
}

function positive(json: Json | undefined, what: string): number {
  if (typeof json !== 'number' || !Number.isInteger(json) || json < 1 || json > 100_000) {
    throw new ArchitectureRefused(`${what} must be a positive integer`);
  }
  return json;
}
