import { ArchitectureRefused, parameters, readArchitecture } from './architecture';

const digits = {
  input: [1, 28, 28], labels: ['0', '1'],
  layers: [{ kind: 'conv2d', filters: 4, kernel: 5 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'dense', units: 2 }],
};

describe('an architecture', () => {
  it('names its parameters in order, with their shapes', () => {
    expect(parameters(readArchitecture(digits)).map(({ name, shape }) => [name, shape])).toEqual([
      ['layer0.weight', [4, 1, 5, 5]], ['layer0.bias', [4]], ['layer4.weight', [576, 2]], ['layer4.bias', [2]],
    ]);
  });

  it.each([
    ['not an object', 3],
    ['no labels', { ...digits, labels: [] }],
    ['a label twice', { ...digits, labels: ['0', '0'] }],
    ['an unknown layer', { ...digits, layers: [{ kind: 'lstm' }] }],
    ['a fractional size', { ...digits, layers: [{ kind: 'dense', units: 1.5 }] }],
    ['dense on an image', { ...digits, layers: [{ kind: 'dense', units: 2 }] }],
    ['a kernel larger than the image', { ...digits, layers: [{ kind: 'conv2d', filters: 1, kernel: 29 }] }],
    ['a convolution after flatten', { ...digits, layers: [{ kind: 'flatten' }, { kind: 'conv2d', filters: 1, kernel: 3 }] }],
    ['a last layer of the wrong width', { ...digits, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 3 }] }],
    ['attention whose width does not divide', { input: [4, 3], labels: ['0', '1'], layers: [{ kind: 'attention', heads: 2 }, { kind: 'mean' }, { kind: 'dense', units: 2 }] }],
    ['attention on an image', { ...digits, layers: [{ kind: 'attention' }] }],
    ['an embedding that does not come first', { input: [4], labels: ['0', '1'], layers: [{ kind: 'relu' }, { kind: 'embedding', vocabulary: 3, width: 2 }] }],
    ['a softmax before cross-entropy', { input: [4], labels: ['0', '1'], layers: [{ kind: 'dense', units: 2 }, { kind: 'softmax' }] }],
    ['an unknown loss', { ...digits, loss: 'hinge' }],
    ['four dimensions', { ...digits, input: [1, 1, 28, 28] }],
    ['too many parameters', { ...digits, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 90_000 }, { kind: 'dense', units: 2 }] }],
  ])('is refused with %s', (_, json) => {
    expect(() => readArchitecture(json)).toThrow(ArchitectureRefused);
  });
});
