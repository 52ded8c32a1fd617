// Multi-head self-attention (Vaswani et al. 2017, section 3.2): every place looks at every other. With `residual`, what came in is
// added to what goes out, as in a transformer's block.
import type { GraphBuilder } from '../graph-builder';
import { ArchitectureRefused, bias, weight, type Gradients, type LayerRule } from './layer';
import { project } from './dense';
import { softmaxGradient } from './softmax';

export interface Attention { readonly kind: 'attention'; readonly heads: number; readonly residual: boolean }

const roles = ['query', 'key', 'value', 'output'] as const;

export const attention: LayerRule<Attention> = {
  read: (fields) => ({ kind: 'attention', heads: fields.size('heads', 1), residual: fields.flag('residual') }),
  plan: ({ heads }, from, name) => {
    const [, width] = from;
    if (width === undefined || from.length !== 2) throw new ArchitectureRefused(`${name}: attention needs a sequence`);
    if (width % heads !== 0) throw new ArchitectureRefused(`${name}: the width must divide into the heads`, { width, heads });
    return { to: from, parameters: roles.flatMap((role) => [weight(`${name}.${role}.weight`, [width, width], width), bias(`${name}.${role}.bias`, [width])]) };
  },
  forward: ({ builder, planned: { layer, from, name }, input }) => {
    const [length = 0, width = 0] = from;
    const split = headsOf(builder, layer.heads, length, width);
    const share = builder.scalar(1 / Math.sqrt(width / layer.heads));
    const [asked, offered, said] = (['query', 'key', 'value'] as const).map((role) => project(builder, { name: `${name}.${role}`, input, length, inputs: width, units: width }));
    if (asked === undefined || offered === undefined || said === undefined) throw new ArchitectureRefused(`${name}: attention has three projections`);
    const [query, key, value] = [split.apart(asked.output), split.apart(offered.output), split.apart(said.output)];
    const scores = builder.op('Mul', [builder.op('MatMul', [query, split.turned(key)]), share]);
    const looks = builder.op('Softmax', [scores], { axis: 3 });
    const mixed = split.together(builder.op('MatMul', [looks, value]));
    const gathered = project(builder, { name: `${name}.output`, input: mixed, length, inputs: width, units: width });
    return {
      output: layer.residual ? builder.op('Add', [gathered.output, input]) : gathered.output,
      backward: (gradient) => {
        const last = gathered.backward(gradient);
        const ofMixed = split.apart(last.input());
        const ofLooks = builder.op('MatMul', [ofMixed, split.turned(value)]);
        const ofScores = builder.op('Mul', [softmaxGradient(builder, looks, ofLooks, 3), share]);
        const parts: readonly Gradients[] = [
          asked.backward(split.together(builder.op('MatMul', [ofScores, key]))),
          offered.backward(split.together(builder.op('MatMul', [split.turned(ofScores), query]))),
          said.backward(split.together(builder.op('MatMul', [split.turned(looks), ofMixed]))),
        ];
        return {
          parameters: new Map([...parts, last].flatMap(({ parameters }) => [...parameters])),
          input: () => parts.reduce((sum, part) => (sum === '' ? part.input() : builder.op('Add', [sum, part.input()])), layer.residual ? gradient : ''),
        };
      },
    };
  },
};

/** Between [B, length, width] and [B, heads, length, width / heads]. */
function headsOf(builder: GraphBuilder, heads: number, length: number, width: number): {
  apart(value: string): string; together(value: string): string; /** Swaps the last two dimensions. */ turned(value: string): string;
} {
  const exchanged = { perm: [0, 2, 1, 3] };
  return {
    apart: (value) => builder.op('Transpose', [builder.op('Reshape', [value, builder.integers([-1, length, heads, width / heads])])], exchanged),
    together: (value) => builder.op('Reshape', [builder.op('Transpose', [value], exchanged), builder.integers([-1, length, width])]),
    turned: (value) => builder.op('Transpose', [value], { perm: [0, 1, 3, 2] }),
  };
}
