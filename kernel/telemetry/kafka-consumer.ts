// One membership in a consumer group, until the signal aborts or the brokers fail it. The places are committed by hand: a second
// apart at most while a batch is handled, and always before the batch is left, so a stop in good order repeats nothing.
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { slices } from './hand-over';
import type { TelemetryMessage } from './port';

export interface Membership {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly groupId: string;
  /** Messages taken at once. */
  readonly most: number;
  /** How many of the first are done with: those after them are left to the next member. */
  readonly take: (messages: readonly TelemetryMessage[], partition: number) => Promise<number>;
  readonly signal: AbortSignal;
}

/** A member that could not say goodbye holds up the others of its group for so long. */
const sessionTimeout = 10_000;
const heartbeatInterval = 2_000;
const commitIntervalMs = 1_000;
const longestPollMs = 250;

/** Resolves after an abort. Throws what kafkajs gave up with. */
export async function beMember({ kafka, topic, groupId, most, take, signal }: Membership): Promise<void> {
  const consumer = kafka.consumer({
    groupId, sessionTimeout, heartbeatInterval, maxWaitTimeInMs: longestPollMs, allowAutoTopicCreation: false,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 20, restartOnFailure: () => Promise.resolve(false) },
  });
  const joined = async (): Promise<never> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: true, autoCommitInterval: commitIntervalMs, eachBatchAutoResolve: false,
      eachBatch: (payload) => takeBatch(payload, topic, most, take, signal),
    });
    return new Promise(() => undefined);
  };
  try {
    await Promise.race([joined(), endOf(consumer, signal)]);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}

function endOf(consumer: Consumer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => { resolve(); }, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => { reject(payload.error); });
  });
}

async function takeBatch(payload: EachBatchPayload, topic: string, most: number, take: Membership['take'], signal: AbortSignal): Promise<void> {
  const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, uncommittedOffsets, isRunning, isStale } = payload;
  // A handler that takes long, or fails five times, must not cost the membership. A heartbeat that fails shows at the next one.
  const beats = setInterval(() => { heartbeat().catch(() => undefined); }, heartbeatInterval);
  try {
    for (const some of slices(batch.messages, most)) {
      if (signal.aborted || !isRunning() || isStale()) break;
      const messages = some.map(({ key, value, offset }) => ({ topic, key: key?.toString() ?? '', value: value ?? Buffer.alloc(0), offset: BigInt(offset) }));
      const done = await take(messages, batch.partition);
      const last = some[done - 1];
      if (last !== undefined) resolveOffset(last.offset);
      if (done < messages.length) break;
      await commitOffsetsIfNecessary();
      await heartbeat();
    }
  } finally {
    clearInterval(beats);
    await commitOffsetsIfNecessary(uncommittedOffsets());
  }
}
