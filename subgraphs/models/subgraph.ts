import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Subgraph } from '@oort/schema';
import type { ModelsPorts } from './ports';
import { startReactions } from './react';
import { createRequests } from './requests';
import { modelsResolvers } from './resolvers';
import { createTrainer } from './trainer';

export function createModelsSubgraph(ports: ModelsPorts): Promise<Subgraph> {
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'models.graphql'), 'utf8');
  const trainer = createTrainer(ports);
  const requests = createRequests(ports, trainer);
  return Promise.resolve({
    name: 'models', typeDefs: parse(sdl), resolvers: modelsResolvers(requests, ports.readModels, ports.platformKey),
    start: (signal) => startReactions(ports, trainer, signal),
  });
}
