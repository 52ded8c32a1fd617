// A body is one envelope or an array of them. All are checked before the first is published, so nothing half done stays.
import { EnvelopeRejected, envelopeBytes, openEnvelope, senderOf, type Envelope, type TelemetryBus } from '@oort/kernel-telemetry';
import type { Json } from '@oort/kernel-wire';
import type { Credentials } from './credentials';
import { DoorRefused } from './refused';

export interface Receiver { readonly telemetry: TelemetryBus; readonly credentials: Credentials }

const largestBatch = 1000;
const topics: readonly string[] = ['heartbeats', 'usage', 'results'];

/** How many were published. Throws DoorRefused. */
export async function publishEnvelopes(body: Buffer, { telemetry, credentials }: Receiver): Promise<number> {
  const opened: Envelope[] = [];
  for (const text of envelopesIn(body)) opened.push(await open(text, credentials));
  for (const envelope of opened) await telemetry.publish(envelope.topic, envelope.nodeId, envelopeBytes(envelope));
  return opened.length;
}

function envelopesIn(body: Buffer): readonly string[] {
  let value: Json;
  try {
    value = JSON.parse(body.toString()) as Json;
  } catch {
    throw new DoorRefused(400, 'BAD_REQUEST', 'The body is not JSON.');
  }
  const list = Array.isArray(value) ? value : [value];
  if (list.length > largestBatch) throw new DoorRefused(413, 'BATCH_TOO_LARGE', `At most ${largestBatch} envelopes at once.`);
  return list.map((one) => JSON.stringify(one));
}

async function open(text: string, credentials: Credentials): Promise<Envelope> {
  try {
    const publicKey = await credentials.nodeKey(senderOf(text));
    if (publicKey === null) throw new DoorRefused(401, 'UNAUTHENTICATED', 'The envelope\'s sender never enrolled.');
    const envelope = openEnvelope(text, publicKey);
    if (!topics.includes(envelope.topic)) throw new DoorRefused(422, 'UNKNOWN_TOPIC', `"${envelope.topic}" is none of ${topics.join(', ')}.`);
    return envelope;
  } catch (error) {
    if (error instanceof EnvelopeRejected) throw new DoorRefused(422, error.code, error.message);
    throw error;
  }
}
