// An envelope is canonical JSON signed by the node's device key over everything but the signature.
import { canonicalJson, Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';

export interface Envelope {
  readonly nodeId: string;
  /** From 0, without gaps. */
  readonly sequence: number;
  /** envelopeHash of the one before; null for the first. */
  readonly previousHash: string | null;
  readonly topic: string;
  readonly payload: Json;
  /** RFC 3339. */
  readonly sealedAt: string;
  readonly signature: string;
}

export interface EnvelopeToSeal extends Pick<Envelope, 'nodeId' | 'sequence' | 'previousHash' | 'topic' | 'payload'> {
  readonly key: DeviceKey;
  readonly now: Date;
}

export class EnvelopeRejected extends Fault {
  constructor(reason: 'malformed' | 'signature') {
    super('ENVELOPE_REJECTED', `envelope refused: ${reason}`, { reason });
  }
}

export function sealEnvelope({ nodeId, key, sequence, previousHash, topic, payload, now }: EnvelopeToSeal): Envelope {
  const unsigned = { nodeId, sequence, previousHash, topic, payload, sealedAt: now.toISOString() };
  return { ...unsigned, signature: signWith(key, signedText(unsigned)) };
}

/** What travels. */
export function envelopeBytes(envelope: Envelope): Buffer {
  return Buffer.from(canonicalJson({ ...envelope }));
}

export function envelopeHash(envelope: Envelope): string {
  return sha256Hex(envelopeBytes(envelope));
}

/** The sender as it claims to be, to look up the key that openEnvelope needs. Throws EnvelopeRejected. */
export function senderOf(bytes: Uint8Array | string): string {
  return parse(bytes).nodeId;
}

/** Throws EnvelopeRejected. Whether it follows the one before is `follows`'s question. */
export function openEnvelope(bytes: Uint8Array | string, publicKey: string): Envelope {
  const envelope = parse(bytes);
  const { signature, ...unsigned } = envelope;
  if (!verifySignature(publicKey, signedText(unsigned), signature)) throw new EnvelopeRejected('signature');
  return envelope;
}

/** A first envelope follows null. A gap, a replay and a fork all answer false. */
export function follows(previous: Envelope | null, next: Envelope): boolean {
  return previous === null
    ? next.sequence === 0 && next.previousHash === null
    : next.sequence === previous.sequence + 1 && next.previousHash === envelopeHash(previous);
}

/** The prefix keeps a signature made for anything else from passing as an envelope's. */
function signedText(unsigned: Omit<Envelope, 'signature'>): string {
  return `oort-envelope-v1\n${canonicalJson({ ...unsigned })}`;
}

function parse(bytes: Uint8Array | string): Envelope {
  const fields = fieldsOf(bytes);
  const { nodeId, sequence, previousHash, topic, payload, sealedAt, signature } = fields;
  if (typeof nodeId !== 'string' || typeof topic !== 'string' || typeof sealedAt !== 'string' || typeof signature !== 'string'
    || !Number.isSafeInteger(sequence) || (previousHash !== null && typeof previousHash !== 'string') || payload === undefined) {
    throw new EnvelopeRejected('malformed');
  }
  return { nodeId, sequence: Number(sequence), previousHash, topic, payload, sealedAt, signature };
}

function fieldsOf(bytes: Uint8Array | string): Partial<Record<keyof Envelope, Json>> {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString()) as Json;
    return typeof value === 'object' && value !== null ? value as Partial<Record<keyof Envelope, Json>> : {};
  } catch {
    throw new EnvelopeRejected('malformed');
  }
}
