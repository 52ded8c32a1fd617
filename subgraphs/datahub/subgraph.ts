import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { createHandler, loadState, runReaction } from '@oort/kernel-decider';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import { Bench } from './bench';
import { contributionDecider } from './decide/contribution';
import { missionDecider } from './decide/mission';
import { participantDecider } from './decide/participant';
import { reviewDecider } from './decide/review';
import { versionDecider } from './decide/version';
import { react, reactsTo } from './react';
import { datahubResolvers } from './resolvers';
import { serialiser, type DatahubRoom } from './room';

export async function createDatahubSubgraph(ports: SubgraphPorts): Promise<Subgraph> {
  const { store, readModels } = ports;
  const now = (): Date => ports.now();
  const bench = new Bench(store);
  await bench.catchUp();
  const room: DatahubRoom = {
    ports,
    bench,
    serially: serialiser(),
    mission: createHandler({ store, decider: missionDecider, now }),
    participant: createHandler({ store, decider: participantDecider, now }),
    participantState: async (id) => (await loadState(store, participantDecider, id)).state,
    contribution: createHandler({ store, decider: contributionDecider, now }),
    version: createHandler({ store, decider: versionDecider, now }),
    review: createHandler({ store, decider: reviewDecider, now }),
  };
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'datahub.graphql'), 'utf8');
  return {
    name: 'datahub',
    typeDefs: parse(sdl),
    resolvers: datahubResolvers(room),
    start: async (signal) => {
      void bench.follow(signal);
      await runReaction({
        name: 'datahub',
        store,
        database: readModels.database,
        subscribes: reactsTo,
        react: (event) => react(event, room),
        signal,
      });
    },
  };
}
