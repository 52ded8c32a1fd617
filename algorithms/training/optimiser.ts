// How a gradient changes a parameter, as nodes of the graph. What an optimiser remembers travels beside the weights, by its names.
import type { Parameter } from './architecture';
import type { GraphBuilder } from './graph-builder';
import type { HyperParameters } from './training-spec';

export type Optimiser = 'sgd' | 'adam';
export type OptimiserOptions = Pick<HyperParameters, 'momentum' | 'weightDecay' | 'optimiser' | 'secondMomentum' | 'maximumGradientNorm'>;

export const velocityOf = (name: string): string => `velocity.${name}`;
export const secondMomentOf = (name: string): string => `second.${name}`;
export const nextOf = (name: string): string => `next.${name}`;

/** What is remembered of a parameter from one step to the next. It starts from zeros. */
export function memoryOf(optimiser: Optimiser, { name, trained }: Pick<Parameter, 'name' | 'trained'>): readonly string[] {
  if (!trained) return [];
  return optimiser === 'adam' ? [velocityOf(name), secondMomentOf(name)] : [velocityOf(name)];
}

/** Inputs of a step that are not data: `step` counts from 0 in this round. Adam's moments start from zeros, and it divides that out. */
export function stepScalars(options: Pick<OptimiserOptions, 'optimiser' | 'momentum' | 'secondMomentum'>, learningRate: number, step: number): Readonly<Record<string, number>> {
  if (options.optimiser === 'sgd') return { learningRate };
  return { learningRate, firstCorrection: 1 / (1 - options.momentum ** (step + 1)), secondCorrection: 1 / (1 - options.secondMomentum ** (step + 1)) };
}

/** The parameter's next value and memory, as outputs `next.*`. */
export function descend(builder: GraphBuilder, parameter: Parameter, gradient: string, options: OptimiserOptions): void {
  const next = options.optimiser === 'adam' ? adam(builder, parameter, gradient, options) : momentum(builder, parameter, gradient, options);
  for (const [name, value] of next) builder.output(nextOf(name), value, parameter.shape);
}

type Next = readonly (readonly [name: string, value: string])[];

/** Sutskever et al. 2013: v <- m v + g + d w, then w <- w - rate x v. */
function momentum(builder: GraphBuilder, { name, decays }: Parameter, gradient: string, options: OptimiserOptions): Next {
  const pulled = decays && options.weightDecay > 0 ? builder.op('Add', [gradient, builder.op('Mul', [name, builder.scalar(options.weightDecay)])]) : gradient;
  const velocity = builder.op('Add', [builder.op('Mul', [velocityOf(name), builder.scalar(options.momentum)]), pulled]);
  return [[velocityOf(name), velocity], [name, builder.op('Sub', [name, builder.op('Mul', [velocity, 'learningRate'])])]];
}

/** Kingma and Ba 2015, algorithm 1, with decay apart from the gradient (Loshchilov and Hutter 2019). */
function adam(builder: GraphBuilder, { name, decays }: Parameter, gradient: string, options: OptimiserOptions): Next {
  const mixed = (memory: string, value: string, kept: number): string =>
    builder.op('Add', [builder.op('Mul', [memory, builder.scalar(kept)]), builder.op('Mul', [value, builder.scalar(1 - kept)])]);
  const first = mixed(velocityOf(name), gradient, options.momentum);
  const second = mixed(secondMomentOf(name), builder.op('Mul', [gradient, gradient]), options.secondMomentum);
  const spread = builder.op('Add', [builder.op('Sqrt', [builder.op('Mul', [second, 'secondCorrection'])]), builder.scalar(1e-8)]);
  const direction = builder.op('Div', [builder.op('Mul', [first, 'firstCorrection']), spread]);
  const whole = decays && options.weightDecay > 0 ? builder.op('Add', [direction, builder.op('Mul', [name, builder.scalar(options.weightDecay)])]) : direction;
  return [[velocityOf(name), first], [secondMomentOf(name), second], [name, builder.op('Sub', [name, builder.op('Mul', [whole, 'learningRate'])])]];
}

/** Pascanu, Mikolov and Bengio 2013: gradients longer than `most`, all taken together, are shortened to it. */
export function clipped(builder: GraphBuilder, gradients: ReadonlyMap<string, string>, most: number): ReadonlyMap<string, string> {
  if (most === 0) return gradients;
  const squares = [...gradients.values()].map((gradient) => builder.op('ReduceSum', [builder.op('Mul', [gradient, gradient])], { keepdims: 0 }));
  const norm = builder.op('Sqrt', [squares.reduce((sum, square) => builder.op('Add', [sum, square]))]);
  const share = builder.op('Div', [builder.scalar(most), builder.op('Max', [norm, builder.scalar(most)])]);
  return new Map([...gradients].map(([name, gradient]) => [name, builder.op('Mul', [gradient, share])]));
}
