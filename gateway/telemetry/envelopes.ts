// A body is a batch of envelopes. All are checked before the first is published, so nothing half done stays; whether each follows
// the one before is its consumer's question, since only the consumer keeps the chains.
import { BusRefused, BusUnreachable, claimOf, EnvelopeRejected, envelopesIn, openEnvelope, type TelemetryBus } from '@oort/kernel-telemetry';
import { isTopic, topicNames } from '@oort/schema/telemetry/topics';
import { DoorRefused } from './refused';
import type { Credentials } from './credentials';

export interface Receiver { readonly telemetry: TelemetryBus; readonly credentials: Credentials }

interface Checked { readonly nodeId: string; readonly topic: string; readonly hash: string; readonly bytes: Buffer }

const largestBatch = 1000;
/** A node that heard no answer in time sends again; what is still under way is then waited for and not published twice. */
const publishing = new WeakMap<TelemetryBus, Map<string, Promise<void>>>();

/** How many were published. Throws DoorRefused. */
export async function publishEnvelopes(body: Buffer, { telemetry, credentials }: Receiver): Promise<number> {
  const checked: Checked[] = [];
  for (const bytes of split(body)) checked.push(await check(bytes, credentials));
  try {
    for (const envelope of checked) await publishOnce(telemetry, envelope);
  } catch (error) {
    if (!(error instanceof BusUnreachable) && !(error instanceof BusRefused)) throw error;
    process.stderr.write(`ingest: ${error.message}\n`);
    throw new DoorRefused(503, 'TELEMETRY_UNAVAILABLE', 'Telemetry cannot be kept right now: send it again later.');
  }
  return checked.length;
}

function split(body: Buffer): readonly Buffer[] {
  const envelopes = rejected(400, () => envelopesIn(body));
  if (envelopes.length > largestBatch) throw new DoorRefused(413, 'BATCH_TOO_LARGE', `At most ${largestBatch} envelopes at once.`);
  return envelopes;
}

async function check(bytes: Buffer, credentials: Credentials): Promise<Checked> {
  const { nodeId } = rejected(422, () => claimOf(bytes));
  const publicKey = await credentials.nodeKey(nodeId);
  if (publicKey === null) throw new DoorRefused(401, 'UNAUTHENTICATED', 'The envelope\'s sender never enrolled.');
  const { topic, hash } = rejected(422, () => openEnvelope(bytes, publicKey));
  if (!isTopic(topic)) throw new DoorRefused(422, 'UNKNOWN_TOPIC', `"${topic}" is none of ${topicNames.join(', ')}.`);
  return { nodeId, topic, hash, bytes };
}

function publishOnce(telemetry: TelemetryBus, { nodeId, topic, hash, bytes }: Checked): Promise<void> {
  const underWay = publishing.get(telemetry) ?? new Map<string, Promise<void>>();
  publishing.set(telemetry, underWay);
  const published = underWay.get(hash) ?? telemetry.publish(topic, nodeId, bytes).finally(() => { underWay.delete(hash); });
  underWay.set(hash, published);
  return published;
}

/** An envelope that is too large is answered as a body that is. */
function rejected<T>(status: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EnvelopeRejected) throw new DoorRefused(error.rejection === 'oversized' ? 413 : status, error.code, error.message);
    throw error;
  }
}
