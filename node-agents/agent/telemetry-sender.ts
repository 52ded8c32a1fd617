// The agent's one sequence of signed envelopes. The place in it is on disk before an envelope leaves, so a restart never
// uses a number twice; what was lost with the process shows as a gap, which is what a gap is for.
import { join } from 'node:path';
import { envelopeBytes, envelopeHash, sealEnvelope } from '@oort/kernel-telemetry';
import type { Json } from '@oort/kernel-wire';
import type { Identity } from './enrolment';
import type { PlatformClient } from './platform-client';
import { readState, writeState } from './state-file';

export interface TelemetrySender {
  /** Resolves once the door has taken it. Throws PlatformUnreachable, PlatformRejected. */
  send(topic: string, payload: Json): Promise<void>;
}

interface Place { readonly sequence: number; readonly previousHash: string | null }

export function telemetrySender({ nodeId, key }: Identity, client: PlatformClient, directory: string): TelemetrySender {
  const path = join(directory, 'telemetry.json');
  let place: Place = readState<Place>(path) ?? { sequence: 0, previousHash: null };
  let earlier: Promise<void> = Promise.resolve();

  async function sendNext(topic: string, payload: Json): Promise<void> {
    const envelope = sealEnvelope({ nodeId, key, ...place, topic, payload, now: new Date() });
    place = { sequence: place.sequence + 1, previousHash: envelopeHash(envelope) };
    writeState(path, place);
    await client.sendTelemetry(envelopeBytes(envelope));
  }

  return {
    send(topic, payload) {
      const mine = earlier.then(() => sendNext(topic, payload));
      earlier = mine.catch(() => undefined);
      return mine;
    },
  };
}
