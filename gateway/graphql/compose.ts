import { readFileSync } from 'node:fs';
import { print, type DocumentNode } from 'graphql';
import { composeServices } from '@apollo/composition';
import { Fault, sha256Hex } from '@oort/kernel-wire';

export interface NamedSchema { readonly name: string; readonly typeDefs: DocumentNode }

export class CompositionFailed extends Fault {
  constructor(reasons: readonly string[]) {
    super('COMPOSITION_FAILED', `the subgraphs do not fit together:\n${reasons.join('\n')}`, { reasons: [...reasons] });
  }
}

/** The supergraph as SDL, the same text whatever the order of the subgraphs. Throws CompositionFailed. */
export function composeSupergraph(subgraphs: readonly NamedSchema[]): string {
  const services = inOrder(subgraphs).map(({ name, typeDefs }) => ({ name, typeDefs, url: `local:${name}` }));
  const { supergraphSdl, errors } = composeServices(services);
  if (errors !== undefined) throw new CompositionFailed(errors.map(({ message }) => message));
  return `${originLine(subgraphs)}\n${supergraphSdl.trim()}\n`;
}

/** What was composed before, when it was of these subgraphs; else composed now. Cost: a second. Throws CompositionFailed. */
export function supergraphOf(subgraphs: readonly NamedSchema[], composedFile: string): string {
  const composed = readFileSync(composedFile, 'utf8');
  return composed.startsWith(`${originLine(subgraphs)}\n`) ? composed : composeSupergraph(subgraphs);
}

function originLine(subgraphs: readonly NamedSchema[]): string {
  return `# composed from ${sha256Hex(inOrder(subgraphs).map(({ name, typeDefs }) => `${name}\n${print(typeDefs)}`).join('\n'))}`;
}

function inOrder(subgraphs: readonly NamedSchema[]): readonly NamedSchema[] {
  return [...subgraphs].sort((one, other) => (one.name < other.name ? -1 : 1));
}
