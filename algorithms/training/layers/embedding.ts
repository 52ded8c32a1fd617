// A vector for each token and one for each place, added (Vaswani et al. 2017, section 3.4, with learned places). Tokens arrive as
// floats, since every input of a network is one tensor of floats.
import { Fault } from '@oort/kernel-wire';
import { ArchitectureRefused, weight, type LayerRule } from './layer';

export interface Embedding { readonly kind: 'embedding'; readonly vocabulary: number; readonly width: number }

export const embedding: LayerRule<Embedding> = {
  read: (fields) => ({ kind: 'embedding', vocabulary: fields.size('vocabulary'), width: fields.size('width') }),
  plan: ({ vocabulary, width }, from, name) => {
    const [length] = from;
    if (length === undefined || from.length !== 1 || name !== 'layer0') throw new ArchitectureRefused(`${name}: an embedding comes first, on a list of tokens`);
    return { to: [length, width], parameters: [weight(`${name}.token`, [vocabulary, width], width), weight(`${name}.place`, [length, width], width)] };
  },
  forward: ({ builder, planned: { layer: { vocabulary, width }, name }, input }) => {
    const tokens = builder.op('Cast', [input], { to: 7 });
    return {
      output: builder.op('Add', [builder.op('Gather', [`${name}.token`, tokens]), `${name}.place`]),
      backward: (gradient) => {
        const zeros = builder.op('Expand', [builder.scalar(0), builder.integers([vocabulary, width])]);
        const rows = builder.op('Reshape', [tokens, builder.integers([-1, 1])]);
        const flat = builder.op('Reshape', [gradient, builder.integers([-1, width])]);
        return {
          parameters: new Map([
            [`${name}.token`, builder.op('ScatterND', [zeros, rows, flat], { reduction: { text: 'add' } })],
            [`${name}.place`, builder.op('ReduceSum', [gradient, builder.integers([0])], { keepdims: 0 })],
          ]),
          input: () => { throw new Fault('TOKENS_HAVE_NO_GRADIENT', 'nothing is trained below an embedding'); },
        };
      },
    };
  },
};
