// A network as a list of layers, checked once: after `readArchitecture` every layer's shapes fit and the last one has a unit for each label.
import type { Json } from '@oort/kernel-wire';
import { layerKinds, ruleOf, type Layer } from './layers/kinds';
import { ArchitectureRefused, LayerFields, sizeOf, type Parameter, type Planned, type Shape } from './layers/layer';

export { ArchitectureRefused, sizeOf, type Parameter, type Shape } from './layers/layer';
export type { Layer } from './layers/kinds';

/** Channels, height, width of one example. */
export type ImageShape = readonly [channels: number, height: number, width: number];

export type Loss = 'cross-entropy' | 'mse';

export interface Architecture {
  /** Of one example: [channels, height, width] of an image, [values] of a vector or of tokens, [places, width] of a sequence. */
  readonly input: Shape;
  readonly labels: readonly string[];
  readonly layers: readonly Layer[];
  /** Cross-entropy when it is left out. */
  readonly loss?: Loss;
}

export type PlannedLayer = Planned<Layer>;

const maximumParameters = 20_000_000;

/** Throws ArchitectureRefused, which says which layer is wrong. */
export function readArchitecture(json: Json): Architecture {
  const record = asRecord(json, 'the architecture');
  const input = asArray(record['input'], 'input').map((size) => positive(size, 'input'));
  if (input.length > 3) throw new ArchitectureRefused('input must be [channels, height, width], [places, width] or [values]');
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
  const loss = record['loss'];
  if (loss !== undefined && loss !== 'cross-entropy' && loss !== 'mse') throw new ArchitectureRefused('the loss must be cross-entropy or mse', loss);
  const architecture: Architecture = loss === undefined ? { input, labels, layers } : { input, labels, layers, loss };
  planLayers(architecture);
  return architecture;
}

/** Throws ArchitectureRefused when a layer does not fit what comes before it. */
export function planLayers({ input, labels, layers, loss }: Architecture): readonly PlannedLayer[] {
  let shape: Shape = input;
  const planned = layers.map((layer, index): PlannedLayer => {
    const name = `layer${String(index)}`;
    const from = shape;
    const plan = ruleOf(layer).plan(layer, from, name);
    shape = plan.to;
    return { layer, from, name, ...plan };
  });
  if (shape.length !== 1 || shape[0] !== labels.length) {
    throw new ArchitectureRefused('the last layer must have one unit for each label', { shape: [...shape], labels: labels.length });
  }
  if (layers.at(-1)?.kind === 'softmax' && loss !== 'mse') {
    throw new ArchitectureRefused('cross-entropy takes the softmax itself: leave the last layer out');
  }
  const total = planned.flatMap(({ parameters: own }) => own).reduce((sum, parameter) => sum + sizeOf(parameter.shape), 0);
  if (total > maximumParameters) {
    throw new ArchitectureRefused('the network has too many parameters', { total, maximum: maximumParameters });
  }
  return planned;
}

/** In the order in which they stand in every weight file and graph. */
export function parameters(architecture: Architecture): readonly Parameter[] {
  return planLayers(architecture).flatMap(({ parameters: own }) => own);
}

/** What a network of images takes. Throws ArchitectureRefused for another one. */
export function imageShape({ input }: Pick<Architecture, 'input'>): ImageShape {
  const [channels, height, width] = input;
  if (channels === undefined || height === undefined || width === undefined) throw new ArchitectureRefused('the network does not take images');
  return [channels, height, width];
}

/** The name of the graph's input. */
export const inputName = ({ input }: Pick<Architecture, 'input'>): string => (input.length === 3 ? 'image' : 'input');

function readLayer(json: Json, index: number): Layer {
  const name = `layer ${String(index)}`;
  const record = asRecord(json, name);
  const kind = layerKinds.find((known) => known === record['kind']);
  if (kind === undefined) throw new ArchitectureRefused(`${name} is of an unknown kind`, record['kind'] ?? null);
  return ruleOf({ kind }).read(new LayerFields(record, name));
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
