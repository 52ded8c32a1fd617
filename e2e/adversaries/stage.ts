// The stage that adversaries play on: a platform, thirteen super nodes (unless told) with stakes, a customer with a model. Through public doors only.
import { join } from 'node:path';
import { JsonRpcProvider, Wallet } from 'ethers';
import { inferenceModel, initialWeights, readArchitecture, exampleTensor } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { Fault } from '@oort/kernel-wire';
import { startFleet, type Fleet } from '../loop/agents';
import { graphqlClient } from '../loop/graphql-client';
import { digits } from '../loop/images';
import { createFaucet, devWallet, signIn } from '../loop/people';
import { ensurePools } from '../loop/pools';
import { end, startProcess, type Started } from '../loop/processes';
import type { Report } from '../loop/report';
import type { AgentProcess, LoopContext, Session, Urls } from '../loop/step';

export class StageFailed extends Fault {}

interface Ready extends Urls { readonly ready: true }

export interface Stage {
  readonly directory: string;
  readonly context: LoopContext;
  readonly agents: ReadonlyMap<string, AgentProcess>;
  readonly modelContentId: string;
  readonly pictures: readonly (readonly number[])[];
  agent(name: string): AgentProcess;
  /** Ends the platform and starts it on the same data and ports, with these variables. */
  restart(environment: Readonly<Record<string, string>>): Promise<void>;
}

const thirteen: Fleet = [['super', 13]];
const startMs = 180_000;
const architecture = { input: [1, 28, 28], labels: Array.from({ length: 10 }, (_, digit) => String(digit)), layers: [{ kind: 'flatten' }, { kind: 'dense', units: 10 }] };

export async function setStage(directory: string, environment: Readonly<Record<string, string>>, report: Report, fleet = thirteen): Promise<Stage> {
  const launch = (ports: Readonly<Record<string, string>>, more: Readonly<Record<string, string>>): Promise<Started<Ready>> =>
    startProcess<Ready>('platform', ['up', '--data', join(directory, 'platform'), '--json'], { ...ports, ...more }, join(directory, 'logs', 'platform.log'), startMs);
  let platform = await launch(Object.fromEntries(doors.map(([name]) => [name, '0'])), environment);
  const { graphql: graphqlUrl, graphqlWebSocket, s3, ingest, chain: chainUrl } = platform.ready;
  const urls: Urls = { graphql: graphqlUrl, graphqlWebSocket, s3, ingest, chain: chainUrl };
  const graphql = graphqlClient(urls.graphql);
  const chain = new JsonRpcProvider(urls.chain, undefined, { pollingInterval: 100, cacheTimeout: -1 });
  const faucet = createFaucet(chain);
  const customer = await signIn(devWallet(0, chain), graphql);
  report.progress('the platform runs');
  const agents = await startFleet({ graphql, chain, customer, faucet, urls, directory }, fleet);
  const pictures = digits(400, 100).train.map(({ png }) => [...exampleTensor(png, 'image/png', [1, 28, 28])]);
  const context: LoopContext = {
    quick: true, directory, urls, chain, customer, agents, images: { train: [], heldOut: [], labels: [] }, artifacts: {},
    graphql: (document, variables, session) => graphql(document, variables, session?.token),
    person: async (): Promise<Session> => signIn(new Wallet(Wallet.createRandom().privateKey, chain), graphql),
    eventually, made: report.made, check: report.check, progress: report.progress,
  };
  await ensurePools(context);
  report.progress(`${agents.size} nodes run and have stakes`);
  const model = inferenceModel(readArchitecture(architecture), initialWeights(readArchitecture(architecture), 1));
  return {
    directory, context, agents, pictures, modelContentId: await handIn(urls.ingest, customer, model),
    agent(name) {
      const found = agents.get(name);
      if (found === undefined) throw new StageFailed('NO_AGENT', `there is no agent ${name}`);
      return found;
    },
    async restart(more) {
      await end(platform.process, 'SIGTERM', 30_000);
      platform = await launch(Object.fromEntries(doors.map(([name, door]) => [name, new URL(urls[door]).port])), more);
    },
  };
}

const doors = [['OORT_GRAPHQL_PORT', 'graphql'], ['OORT_S3_PORT', 's3'], ['OORT_INGEST_PORT', 'ingest'], ['OORT_CHAIN_PORT', 'chain']] as const;

async function handIn(ingest: string, { token }: Session, bytes: Buffer): Promise<string> {
  const contentId = contentIdOf(bytes);
  const response = await fetch(`${ingest}/content/${contentId}`, { method: 'PUT', body: new Uint8Array(bytes), headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' } });
  if (!response.ok) throw new StageFailed('NOT_TAKEN', `the model was answered with ${response.status}`);
  return contentId;
}

async function eventually<T>(what: string, probe: () => Promise<T | null | undefined | false>, timeoutMs = 60_000): Promise<T> {
  for (const until = Date.now() + timeoutMs; ;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > until) throw new StageFailed('TIMED_OUT', `${what} did not come within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
}
