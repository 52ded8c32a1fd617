import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Subgraph } from '@oort/schema';
import { provenanceResolvers, type ProvenancePorts } from './resolvers';

/** Read only: its write side is every other domain. */
export function createProvenanceSubgraph(ports: ProvenancePorts): Promise<Subgraph> {
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'provenance.graphql'), 'utf8');
  return Promise.resolve({ name: 'provenance', typeDefs: parse(sdl), resolvers: provenanceResolvers(ports) });
}
