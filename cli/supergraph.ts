// The graph as it was composed of the schemas of this checkout, for a gateway that does not hold the subgraphs.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'graphql';
import { supergraphOf } from '@oort/gateway-graphql';

const schema = join(__dirname, '..', 'schema');

export function subgraphNames(): readonly string[] {
  return readdirSync(join(schema, 'sdl')).map((file) => basename(file, '.graphql')).sort();
}

export function composedSupergraph(): string {
  const subgraphs = subgraphNames().map((name) => ({ name, typeDefs: parse(readFileSync(join(schema, 'sdl', `${name}.graphql`), 'utf8')) }));
  return supergraphOf(subgraphs, join(schema, 'supergraph.graphql'));
}
