// Nine agents, each a process with a key of its own and an operator of its own.
import { join } from 'node:path';
import { Wallet, type JsonRpcProvider } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import type { GraphqlClient } from './graphql-client';
import type { Faucet } from './people';
import { end, startProcess, type Started } from './processes';
import type { AgentProcess, Session, Urls } from './step';

export class EnrolmentFailed extends Fault {}

type Kind = AgentProcess['kind'];
interface Ready { readonly nodeId: string; readonly endpoint: string | null }
interface TokenAnswer { readonly createEnrolmentToken: { readonly __typename: string; readonly token?: string; readonly code?: string } }

export type Fleet = readonly (readonly [kind: AgentProcess['kind'], count: number])[];

const wholeFleet: Fleet = [['super', 6], ['archive', 1], ['edge', 2]];

const tokenMutation = `mutation Token($kind: NodeKind!, $operator: String!) {
  createEnrolmentToken(input: { kind: $kind, operator: $operator }) { __typename ... on EnrolmentToken { token } ... on Refusal { code } }
}`;

export interface FleetOptions {
  readonly graphql: GraphqlClient;
  readonly chain: JsonRpcProvider;
  readonly customer: Session;
  readonly faucet: Faucet;
  readonly urls: Urls;
  readonly directory: string;
}

export async function startFleet(options: FleetOptions, fleet = wholeFleet): Promise<ReadonlyMap<string, AgentProcess>> {
  const names = fleet.flatMap(([kind, count]) => Array.from({ length: count }, (_, index) => ({ kind, name: `${kind}-${index + 1}` })));
  const operators = names.map(() => new Wallet(Wallet.createRandom().privateKey, options.chain));
  const funded = options.faucet.give(operators.map(({ address }) => address));
  const agents: AgentProcess[] = [];
  // Three at a time: a start is mostly the compilation of what it imports, and there may be two cores.
  for (let first = 0; first < names.length; first += 3) {
    agents.push(...await Promise.all(names.slice(first, first + 3).map(({ kind, name }, index) =>
      startAgent(options, kind, name, operators[first + index] as Wallet))));
  }
  await funded;
  return new Map(agents.map((agent) => [agent.name, agent]));
}

async function startAgent(options: FleetOptions, kind: Kind, name: string, operator: Wallet): Promise<AgentProcess> {
  const { graphql, customer, urls } = options;
  const { createEnrolmentToken: answer } = await graphql<TokenAnswer>(tokenMutation, { kind, operator: operator.address }, customer.token);
  if (answer.token === undefined) throw new EnrolmentFailed(answer.code ?? 'NO_TOKEN', `no token for ${name}`);
  const directory = join(options.directory, 'agents', name);
  const commandLine = [
    'agent', 'join', '--kind', kind, '--token', answer.token, '--operator', operator.address,
    '--platform', new URL(urls.graphql).origin, '--ingest', urls.ingest, '--data', directory, '--name', name,
  ];
  // Checkpoints come often, so that the worker of step 4 is killed between two of them on a fast machine too.
  const launch = (environment: Readonly<Record<string, string>>): Promise<Started<Ready>> =>
    startProcess<Ready>(name, commandLine, { OORT_CHECKPOINT_MS: '500', ...environment }, join(options.directory, 'logs', `${name}.log`));
  let started = await launch({});
  return {
    name, kind, operator, directory, nodeId: started.ready.nodeId,
    kill: (signal) => end(started.process, signal),
    async start(environment = {}) {
      await end(started.process, 'SIGTERM');
      started = await launch(environment);
    },
  };
}
