// The same network in plain loops and double precision, written from the definitions and sharing no code with the graphs:
// what the graphs are checked against. Slow on purpose.
import { planLayers, sizeOf, type Architecture, type PlannedLayer } from './architecture';
import type { Weights } from './weights';

export interface ReferenceGradients { readonly loss: number; readonly gradients: ReadonlyMap<string, Float64Array> }

type Backward = (gradient: Float64Array) => Float64Array;
interface Pass { readonly output: Float64Array; readonly backward: Backward }

/** Loss and gradients of one batch; `images` and `targets` lie one example after another. */
export function referenceGradients(architecture: Architecture, weights: Weights, images: Float32Array, targets: Float32Array): ReferenceGradients {
  const classes = architecture.labels.length;
  const batch = targets.length / classes;
  const imageSize = sizeOf(architecture.input);
  const gradients = new Map([...weights].map(([name, { values }]) => [name, new Float64Array(values.length)]));
  let loss = 0;
  for (let example = 0; example < batch; example += 1) {
    let value: Float64Array = Float64Array.from(images.subarray(example * imageSize, (example + 1) * imageSize));
    const backwards: Backward[] = [];
    for (const planned of planLayers(architecture)) {
      const { output, backward } = pass(planned, value, weights, gradients);
      backwards.push(backward);
      value = output;
    }
    const target = targets.subarray(example * classes, (example + 1) * classes);
    const largest = Math.max(...value);
    const total = value.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    let gradient: Float64Array = value.map((logit, index) => {
      const expected = target[index] ?? 0;
      loss -= (expected * (logit - largest - Math.log(total))) / batch;
      return (Math.exp(logit - largest) / total - expected) / batch;
    });
    for (const backward of backwards.reverse()) gradient = backward(gradient);
  }
  return { loss, gradients };
}

function pass(planned: PlannedLayer, input: Float64Array, weights: Weights, gradients: ReadonlyMap<string, Float64Array>): Pass {
  const { layer } = planned;
  const weight = weights.get(planned.weight?.name ?? '')?.values ?? new Float32Array();
  const bias = weights.get(planned.bias?.name ?? '')?.values ?? new Float32Array();
  const ofWeight = gradients.get(planned.weight?.name ?? '') ?? new Float64Array();
  const ofBias = gradients.get(planned.bias?.name ?? '') ?? new Float64Array();
  switch (layer.kind) {
    case 'flatten': return { output: input, backward: (gradient) => gradient };
    case 'relu': return { output: input.map((value) => Math.max(0, value)), backward: (gradient) => gradient.map((value, index) => ((input[index] ?? 0) > 0 ? value : 0)) };
    case 'max-pool': return linear(planned, input, poolTerms(planned, layer.size, input), weight, bias, ofWeight, ofBias);
    case 'dense': return linear(planned, input, denseTerms(planned), weight, bias, ofWeight, ofBias);
    case 'conv2d': return linear(planned, input, convolutionTerms(planned, layer), weight, bias, ofWeight, ofBias);
  }
}

/** One product of the layer: output += input x weight; no weight means 1. */
interface Term { readonly output: number; readonly input: number; readonly weight: number | null }

function linear(planned: PlannedLayer, input: Float64Array, terms: readonly Term[], weight: Float32Array, bias: Float32Array, ofWeight: Float64Array, ofBias: Float64Array): Pass {
  const output = new Float64Array(sizeOf(planned.to));
  const perBias = sizeOf(planned.to.slice(1));
  if (bias.length > 0) output.forEach((_, index) => { output[index] = bias[Math.floor(index / perBias)] ?? 0; });
  for (const term of terms) output[term.output] = (output[term.output] ?? 0) + (input[term.input] ?? 0) * (term.weight === null ? 1 : weight[term.weight] ?? 0);
  return {
    output,
    backward: (gradient) => {
      const ofInput = new Float64Array(input.length);
      if (bias.length > 0) gradient.forEach((value, index) => { ofBias[Math.floor(index / perBias)] = (ofBias[Math.floor(index / perBias)] ?? 0) + value; });
      for (const term of terms) {
        const incoming = gradient[term.output] ?? 0;
        ofInput[term.input] = (ofInput[term.input] ?? 0) + incoming * (term.weight === null ? 1 : weight[term.weight] ?? 0);
        if (term.weight !== null) ofWeight[term.weight] = (ofWeight[term.weight] ?? 0) + incoming * (input[term.input] ?? 0);
      }
      return ofInput;
    },
  };
}

function denseTerms({ from, to }: PlannedLayer): readonly Term[] {
  const [inputs = 0] = from;
  const [units = 0] = to;
  return Array.from({ length: inputs * units }, (_, index) => ({ input: Math.floor(index / units), output: index % units, weight: index }));
}

function convolutionTerms({ from, to }: PlannedLayer, layer: { readonly kernel: number; readonly stride: number; readonly padding: number }): readonly Term[] {
  const [channels = 0, height = 0, width = 0] = from;
  const [filters = 0, rows = 0, columns = 0] = to;
  const terms: Term[] = [];
  for (let filter = 0; filter < filters; filter += 1) for (let row = 0; row < rows; row += 1) for (let column = 0; column < columns; column += 1) {
    for (let channel = 0; channel < channels; channel += 1) for (let y = 0; y < layer.kernel; y += 1) for (let x = 0; x < layer.kernel; x += 1) {
      const fromRow = row * layer.stride + y - layer.padding;
      const fromColumn = column * layer.stride + x - layer.padding;
      if (fromRow < 0 || fromRow >= height || fromColumn < 0 || fromColumn >= width) continue;
      terms.push({
        output: (filter * rows + row) * columns + column, input: (channel * height + fromRow) * width + fromColumn,
        weight: ((filter * channels + channel) * layer.kernel + y) * layer.kernel + x,
      });
    }
  }
  return terms;
}

function poolTerms({ from, to }: PlannedLayer, size: number, input: Float64Array): readonly Term[] {
  const [, height = 0, width = 0] = from;
  const [channels = 0, rows = 0, columns = 0] = to;
  return Array.from({ length: channels * rows * columns }, (_, output) => {
    const channel = Math.floor(output / (rows * columns));
    const row = Math.floor(output / columns) % rows;
    const column = output % columns;
    let best = -1;
    for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) {
      const place = (channel * height + row * size + y) * width + column * size + x;
      if (best === -1 || (input[place] ?? 0) > (input[best] ?? 0)) best = place;
    }
    return { output, input: best, weight: null };
  });
}
