import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { Subgraph } from '@oort/schema';
import { modelRelease } from './model-release';
import type { ModelsPorts } from './ports';
import { PredictionWaiters } from './prediction-waiters';
import { startReactions } from './react';
import { CommunityRequests } from './requests/community';
import { DeploymentRequests } from './requests/deployment';
import { ImportRequests } from './requests/importing';
import { InferenceRequests } from './requests/inference';
import { TrainingRequests } from './requests/training';
import { modelsResolvers } from './resolvers';
import { Trainer } from './trainer';

export function createModelsSubgraph(ports: ModelsPorts): Promise<Subgraph> {
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'models.graphql'), 'utf8');
  const trainer = new Trainer(ports);
  const waiters = new PredictionWaiters();
  const resolvers = modelsResolvers({
    community: new CommunityRequests(ports), release: (versionId) => modelRelease(ports, versionId), progress: ports, readModels: ports.readModels, training: new TrainingRequests(ports, trainer), deployment: new DeploymentRequests(ports),
    importing: new ImportRequests(ports), inference: new InferenceRequests(ports, waiters),
  });
  return Promise.resolve({ name: 'models', typeDefs: parse(sdl), resolvers, start: (signal) => startReactions(ports, trainer, waiters, signal) });
}
