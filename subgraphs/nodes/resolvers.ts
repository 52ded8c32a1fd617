import { randomBytes } from 'node:crypto';
import { command, type Outcome } from '@oort/kernel-decider';
import { verifySignature } from '@oort/kernel-identity';
import { deriveId, sha256Hex } from '@oort/kernel-wire';
import { findNode, nodesPage, type NodeRow, type NodesFilter } from '@oort/projections-nodes';
import { chainReports, machineReport, usageReports } from '@oort/projections-readings';
import type { RequestContext, SubgraphPorts } from '@oort/schema';
import type { NodeKind } from '@oort/schema/events/nodes';
import type { SandboxLevel } from '@oort/schema/job-spec';
import { enrolmentStatement, tokenFor } from '@oort/schema/statements';
import type { NodeCommand, NodeProfile } from './commands';
import type { Presence } from './presence';
import type { NodesRefusal } from './refusals';
import type { NodeState } from './state';
import type { NodeHandler } from './subgraph';

export interface ResolverPorts extends Pick<SubgraphPorts, 'readModels' | 'now'> {
  readonly handle: NodeHandler;
  readonly presence: Presence;
  readonly platformPublicKey: string;
}

interface CreateTokenInput { readonly kind: NodeKind; readonly operator?: string | null; readonly ttlSeconds?: number | null }
interface EnrolInput extends Omit<NodeProfile, 'endpoint'> { readonly token: string; readonly endpoint?: string | null; readonly signature: string }
interface BenchmarkInput { readonly cores: number; readonly memoryMb: number; readonly diskMbPerS: number; readonly inferencesPerS: number; readonly wall?: SandboxLevel | null }
interface Input<T> { readonly input: T }
interface PageArguments { readonly first?: number | null; readonly after?: string | null; readonly filter?: { readonly [key in keyof NodesFilter]: NodesFilter[key] | null } | null }

const day = 86_400;
const notSignedIn = refusal('NOT_SIGNED_IN', 'Sign in with an account first.');
const notANode = refusal('NOT_A_NODE', 'Only a node can ask this, by a request that it has signed.');

export function nodesResolvers(ports: ResolverPorts): Readonly<Record<string, unknown>> {
  const { readModels } = ports;
  const found = async (nodeId: string): Promise<object | null> => {
    const row = await findNode(readModels, nodeId);
    return row === null ? null : present(row);
  };
  return {
    Query: {
      node: (_: unknown, { id }: { readonly id: string }) => found(id),
      nodes: (_: unknown, page: PageArguments) => connection(ports, page),
    },
    Mutation: {
      createEnrolmentToken: (_: unknown, { input }: Input<CreateTokenInput>, context: RequestContext) => createToken(ports, input, context),
      enrolNode: (_: unknown, { input }: Input<EnrolInput>) => enrol(ports, input),
      reportBenchmark: (_: unknown, { input }: Input<BenchmarkInput>, { actor }: RequestContext) => {
        if (actor.kind !== 'node') return notANode;
        return settled(ports, actor.nodeId, command('ReportBenchmark', { nodeId: actor.nodeId, ...measured(input) }, { actor: actor.nodeId, now: ports.now() }));
      },
      drainNode: (_: unknown, { input }: Input<{ readonly nodeId: string }>, context: RequestContext) => byOperator(ports, 'DrainNode', input.nodeId, context),
      reinstateNode: (_: unknown, { input }: Input<{ readonly nodeId: string }>, context: RequestContext) => byOperator(ports, 'ReinstateNode', input.nodeId, context),
      retireNode: (_: unknown, { input }: Input<{ readonly nodeId: string }>, context: RequestContext) => byOperator(ports, 'RetireNode', input.nodeId, context),
    },
    Node: {
      __resolveReference: ({ id }: { readonly id: string }) => found(id),
      machine: ({ id }: { readonly id: string }) => machineReport(readModels.database, id),
      reports: ({ id }: { readonly id: string }) => chainReports(readModels.database, id),
      reportedUsage: ({ id }: { readonly id: string }) => usageReports(readModels.database, id),
    },
    CreateEnrolmentTokenResult: { __resolveType: typeName('EnrolmentToken') },
    EnrolNodeResult: { __resolveType: typeName('NodeEnrolment') },
    NodeResult: { __resolveType: typeName('Node') },
  };
}

async function createToken(ports: ResolverPorts, { kind, operator, ttlSeconds }: CreateTokenInput, { actor }: RequestContext): Promise<object> {
  if (actor.kind !== 'account') return notSignedIn;
  const wallet = operator ?? actor.address;
  if (!/^0x[0-9a-fA-F]{40}$/.test(wallet)) return refusal('OPERATOR_INVALID', 'The operator must be a 0x address.');
  const lifetime = Math.min(Math.max(ttlSeconds ?? day, 1), 30 * day);
  const token = tokenFor(randomBytes(24).toString('base64url'), wallet);
  const tokenHash = sha256Hex(token);
  const expiresAt = new Date(ports.now().getTime() + lifetime * 1000).toISOString();
  const issue = command('IssueEnrolmentToken', { tokenHash, kind, operator: wallet, expiresAt }, { actor: actor.accountId, now: ports.now() });
  const outcome = await ports.handle(nodeIdOf(tokenHash), issue);
  return outcome.ok ? { __typename: 'EnrolmentToken', token, kind, operator: wallet, expiresAt } : refusedBy(outcome.refusal);
}

async function enrol(ports: ResolverPorts, input: EnrolInput): Promise<object> {
  const { token, name, publicKey, operator, region, network, runtimeClass, endpoint = null, signature } = input;
  const tokenHash = sha256Hex(token);
  const nodeId = nodeIdOf(tokenHash);
  const profile: NodeProfile = { name, publicKey, operator, region, network, runtimeClass, endpoint };
  const proven = verifySignature(publicKey, enrolmentStatement({ tokenHash, ...profile }), signature);
  const outcome = await ports.handle(nodeId, command('EnrolNode', { nodeId, proven, ...profile }, { actor: nodeId, now: ports.now() }));
  if (!outcome.ok) return refusedBy(outcome.refusal);
  await ports.readModels.waitFor('nodes', outcome.position);
  ports.presence.know({ nodeId, online: true, endpoint });
  const row = await findNode(ports.readModels, nodeId);
  return { __typename: 'NodeEnrolment', nodeId, node: row === null ? null : present(row), platformPublicKey: ports.platformPublicKey };
}

async function byOperator(ports: ResolverPorts, type: 'DrainNode' | 'ReinstateNode' | 'RetireNode', nodeId: string, { actor }: RequestContext): Promise<object | null> {
  // The device itself may ask too: its operator gave it its key.
  const self = actor.kind === 'node' && actor.nodeId === nodeId ? await findNode(ports.readModels, nodeId) : null;
  const by = actor.kind === 'account' ? { id: actor.accountId, operator: actor.address } : self === null ? null : { id: nodeId, operator: self.operator };
  if (by === null) return notSignedIn;
  const data = { nodeId, operator: by.operator };
  const options = { actor: by.id, now: ports.now() };
  switch (type) {
    case 'DrainNode': return settled(ports, nodeId, command('DrainNode', data, options));
    case 'ReinstateNode': return settled(ports, nodeId, command('ReinstateNode', data, options));
    case 'RetireNode': return settled(ports, nodeId, command('RetireNode', data, options));
  }
}

/** The node as it is after the command. */
async function settled(ports: ResolverPorts, nodeId: string, asked: NodeCommand): Promise<object | null> {
  const outcome: Outcome<NodeState, NodesRefusal> = await ports.handle(nodeId, asked);
  if (!outcome.ok) return refusedBy(outcome.refusal);
  await ports.readModels.waitFor('nodes', outcome.position);
  const row = await findNode(ports.readModels, nodeId);
  return row === null ? null : { __typename: 'Node', ...present(row) };
}

async function connection({ readModels }: ResolverPorts, { first, after, filter }: PageArguments): Promise<object> {
  const given = Object.fromEntries(Object.entries(filter ?? {}).filter(([, value]) => value !== null)) as NodesFilter;
  const { rows, hasNextPage, totalCount } = await nodesPage(readModels, { first: Math.min(Math.max(first ?? 20, 0), 200), after: after ?? null, filter: given });
  return {
    totalCount,
    edges: rows.map((row) => ({ cursor: row.nodeId, node: present(row) })),
    pageInfo: {
      hasNextPage, hasPreviousPage: (after ?? null) !== null, startCursor: rows[0]?.nodeId ?? null, endCursor: rows.at(-1)?.nodeId ?? null,
    },
  };
}

function measured({ wall, ...input }: BenchmarkInput): Omit<BenchmarkInput, 'wall'> & { readonly wall?: SandboxLevel } {
  return wall == null ? input : { ...input, wall };
}

function present({ nodeId, cores, memoryMb, diskMbPerS, inferencesPerS, ...row }: NodeRow): object {
  return { ...row, id: nodeId, benchmark: cores === null ? null : { cores, memoryMb, diskMbPerS, inferencesPerS } };
}

/** A token is a node's first name: whoever knows its hash knows which node it became, and nothing more. */
function nodeIdOf(tokenHash: string): string {
  return deriveId('node', tokenHash);
}

function refusedBy({ code, message, payload }: NodesRefusal): object {
  return { __typename: 'Refusal', code, message, detail: payload };
}

function refusal(code: string, message: string): object {
  return { __typename: 'Refusal', code, message, detail: null };
}

function typeName(otherwise: string): (value: { readonly __typename?: string }) => string {
  return ({ __typename }) => __typename ?? otherwise;
}
