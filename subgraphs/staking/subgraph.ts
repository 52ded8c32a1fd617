// staking: the front door to pools, the DeFi pool and votes, and the reward epochs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { createHandler } from '@oort/kernel-decider';
import { localParameters, type PlatformParameters, type Subgraph, type SubgraphPorts } from '@oort/schema';
import { epochsDecider } from './decide';
import { Preparer } from './prepare';
import { stakingResolvers } from './resolvers';

export interface StakingPorts extends SubgraphPorts {
  /** Default: the local network's. */
  readonly parameters?: PlatformParameters;
}

export function createStakingSubgraph(ports: StakingPorts): Promise<Subgraph> {
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'staking.graphql'), 'utf8');
  const handle = createHandler({ store: ports.store, decider: epochsDecider, now: () => ports.now() });
  const room = { ports, parameters: ports.parameters ?? localParameters, preparer: new Preparer(ports.ledger), handle };
  return Promise.resolve({ name: 'staking', typeDefs: parse(sdl), resolvers: stakingResolvers(room) });
}
