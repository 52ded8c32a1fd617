import type { DocumentNode } from 'graphql';
import { composeServices } from '@apollo/composition';
import { Fault } from '@oort/kernel-wire';

export interface NamedSchema { readonly name: string; readonly typeDefs: DocumentNode }

export class CompositionFailed extends Fault {
  constructor(reasons: readonly string[]) {
    super('COMPOSITION_FAILED', `the subgraphs do not fit together:\n${reasons.join('\n')}`, { reasons: [...reasons] });
  }
}

/** The supergraph as SDL, the same text whatever the order of the subgraphs. Throws CompositionFailed. */
export function composeSupergraph(subgraphs: readonly NamedSchema[]): string {
  const services = [...subgraphs].sort((one, other) => one.name.localeCompare(other.name))
    .map(({ name, typeDefs }) => ({ name, typeDefs, url: `local:${name}` }));
  const { supergraphSdl, errors } = composeServices(services);
  if (errors !== undefined) throw new CompositionFailed(errors.map(({ message }) => message));
  return `${supergraphSdl.trim()}\n`;
}
