// A consumer of envelopes. Each is checked, placed in its node's chain, and takes effect in the transaction that moves the chain:
// however often a message is delivered, it counts once. What cannot count goes to the dead letters with its reason.
import { messageOf } from '@oort/kernel-wire';
import { link, type ChainHead, type Notice } from './chain';
import { claimOf, openEnvelope, type Envelope } from './envelope';
import { EnvelopeRejected } from './faults';
import { NotNow } from './hand-over';
import type { TelemetryBus } from './port';

/** By node. */
export type Heads = ReadonlyMap<string, ChainHead>;

/** Where a consumer keeps the chains of the nodes: beside its effect, whatever that is. */
export interface Chains<Transaction> {
  /**
   * Gives the work what is known of the chains of these nodes, and keeps the heads that it answers in the transaction of whatever
   * else it did. One at a time for one chain.
   */
  change(topic: string, nodeIds: readonly string[], work: (heads: Heads, transaction: Transaction) => Promise<Heads>): Promise<void>;
}

export interface Received extends Pick<Envelope, 'nodeId' | 'topic' | 'readings' | 'epoch' | 'sequence'> {
  /** By the node's clock, but never later than we have it. */
  readonly sealedAtMs: number;
  readonly notices: readonly Notice[];
}

export interface ReceiverOptions<Transaction> {
  readonly bus: TelemetryBus;
  readonly topic: string;
  readonly group: string;
  readonly chains: Chains<Transaction>;
  now(): Date;
  /** Hex; null for a node that never enrolled or has left. */
  publicKeyOf(nodeId: string): Promise<string | null>;
  /** Envelopes that may share a transaction; 1 unless told. */
  readonly most?: number;
  /** Once for each envelope, in the order of each chain. What it throws is tried again, EnvelopeRejected excepted. */
  effect(received: readonly Received[], transaction: Transaction): Promise<void>;
}

/** Clocks that agree this well count as right. */
const clockToleranceMs = 5_000;

/** Runs until the signal aborts. */
export async function receive<Transaction>(options: ReceiverOptions<Transaction>, signal: AbortSignal): Promise<void> {
  await options.bus.consumeBatches(options.topic, options.group, options.most ?? 1, (messages) => receiveAll(options, messages.map(({ value }) => value)), signal);
}

/** All or none. Throws EnvelopeRejected. */
async function receiveAll<Transaction>(options: ReceiverOptions<Transaction>, batch: readonly Buffer[]): Promise<void> {
  const envelopes: Envelope[] = [];
  for (const bytes of batch) envelopes.push(await opened(options, bytes));
  const nodeIds = [...new Set(envelopes.map(({ nodeId }) => nodeId))];
  await options.chains.change(options.topic, nodeIds, async (heads, transaction) => {
    const [moved, received] = [new Map<string, ChainHead>(), [] as Received[]];
    for (const envelope of envelopes) {
      const next = link(moved.get(envelope.nodeId) ?? heads.get(envelope.nodeId) ?? [], envelope);
      if (next.kind === 'refused') throw new EnvelopeRejected(next.rejection, `${envelope.nodeId}, ${envelope.topic}: ${next.why}`);
      if (next.kind === 'redelivered') continue;
      moved.set(envelope.nodeId, next.head);
      received.push(receivedOf(envelope, next.notices, options.now().getTime()));
    }
    if (received.length > 0) await options.effect(received, transaction);
    return moved;
  });
}

async function opened<Transaction>({ topic, publicKeyOf }: ReceiverOptions<Transaction>, bytes: Buffer): Promise<Envelope> {
  const { nodeId } = claimOf(bytes);
  const publicKey = await publicKeyOf(nodeId).catch((error: unknown) => { throw new NotNow('NODE_KEYS_AWAY', `keys of nodes cannot be looked up: ${messageOf(error)}`); });
  if (publicKey === null) throw new EnvelopeRejected('unknown-node', nodeId);
  const envelope = openEnvelope(bytes, publicKey);
  if (envelope.topic !== topic) throw new EnvelopeRejected('unknown-topic', `it is for ${envelope.topic} and lies in ${topic}`);
  return envelope;
}

/** For effects that end with the process. */
export function memoryChains(): Chains<null> {
  const topics = new Map<string, Map<string, ChainHead>>();
  let earlier: Promise<void> = Promise.resolve();
  return {
    change(topic, _, work) {
      const heads = topics.get(topic) ?? new Map<string, ChainHead>();
      topics.set(topic, heads);
      const mine = earlier.then(async () => {
        for (const [nodeId, head] of await work(heads, null)) heads.set(nodeId, head);
      });
      earlier = mine.catch(() => undefined);
      return mine;
    },
  };
}

function receivedOf({ nodeId, topic, readings, epoch, sequence, sealedAtMs, dropped }: Envelope, notices: readonly Notice[], nowMs: number): Received {
  const aheadMs = sealedAtMs - nowMs;
  return {
    nodeId, topic, readings, epoch, sequence, sealedAtMs: Math.min(sealedAtMs, nowMs),
    notices: [
      ...notices,
      ...(dropped === 0 ? [] : [{ kind: 'dropped', readings: dropped } as const]),
      ...(aheadMs <= clockToleranceMs ? [] : [{ kind: 'clock-ahead', ms: aheadMs } as const]),
    ],
  };
}
