// A consumer of envelopes. Each is checked, placed in its node's chain, and takes effect in the transaction that moves the chain:
// however often a message is delivered, it counts once. What cannot count goes to the dead letters with its reason.
import { link, type ChainHead, type Notice } from './chain';
import { claimOf, openEnvelope, type Envelope } from './envelope';
import { EnvelopeRejected } from './faults';
import type { TelemetryBus } from './port';

/** Where a consumer keeps the chains of the nodes: beside its effect, whatever that is. */
export interface Chains<Transaction> {
  /**
   * Gives the work what is known of the chain, and keeps the head that it answers in the transaction of whatever else it did;
   * null changes nothing. One at a time for one chain.
   */
  change(nodeId: string, topic: string, work: (head: ChainHead, transaction: Transaction) => Promise<ChainHead | null>): Promise<void>;
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
  /** Once for each envelope. What it throws is tried again, EnvelopeRejected excepted. */
  effect(received: Received, transaction: Transaction): Promise<void>;
}

/** Clocks that agree this well count as right. */
const clockToleranceMs = 5_000;

/** Runs until the signal aborts. */
export async function receive<Transaction>(options: ReceiverOptions<Transaction>, signal: AbortSignal): Promise<void> {
  await options.bus.consume(options.topic, options.group, ({ value }) => receiveOne(options, value), signal);
}

/** Throws EnvelopeRejected. */
export async function receiveOne<Transaction>(options: Omit<ReceiverOptions<Transaction>, 'bus' | 'group'>, bytes: Buffer): Promise<void> {
  const { nodeId } = claimOf(bytes);
  const publicKey = await options.publicKeyOf(nodeId);
  if (publicKey === null) throw new EnvelopeRejected('unknown-node', nodeId);
  const envelope = openEnvelope(bytes, publicKey);
  if (envelope.topic !== options.topic) throw new EnvelopeRejected('unknown-topic', `it is for ${envelope.topic} and lies in ${options.topic}`);
  await options.chains.change(nodeId, envelope.topic, async (head, transaction) => {
    const next = link(head, envelope);
    if (next.kind === 'redelivered') return null;
    if (next.kind === 'refused') throw new EnvelopeRejected(next.rejection, `${nodeId}, ${envelope.topic}: ${next.why}`);
    await options.effect(receivedOf(envelope, next.notices, options.now().getTime()), transaction);
    return next.head;
  });
}

/** For effects that end with the process. */
export function memoryChains(): Chains<null> {
  const heads = new Map<string, ChainHead>();
  const busy = new Map<string, Promise<void>>();
  return {
    change(nodeId, topic, work) {
      const name = `${topic}/${nodeId}`;
      const mine = (busy.get(name) ?? Promise.resolve()).then(async () => {
        const head = await work(heads.get(name) ?? [], null);
        if (head !== null) heads.set(name, head);
      });
      const settled = mine.catch(() => undefined).then(() => { if (busy.get(name) === settled) busy.delete(name); });
      busy.set(name, settled);
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
