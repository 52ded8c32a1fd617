// An envelope is a batch of readings under one signature, so that what a signature costs is shared: checking one takes as long as
// decoding a few hundred readings. It is a link of the chain of its node, topic and epoch (chain.ts).
import { join } from 'node:path';
import { Root, type Type } from 'protobufjs';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { sha256Hex } from '@oort/kernel-wire';
import { EnvelopeRejected, type Rejection } from './faults';

export type EpochReason = 'first' | 'disk-lost' | 'unknown';

/** The place of an envelope in its node's chain. */
export interface ChainPlace {
  /** Milliseconds since 1970 when the chain was begun. */
  readonly epoch: number;
  readonly epochReason: EpochReason;
  /** From 0, without gaps. */
  readonly sequence: number;
  /** Hex, SHA-256 of the envelope before; null for the first of an epoch. */
  readonly previousHash: string | null;
}

export interface Envelope extends ChainPlace {
  readonly nodeId: string;
  readonly topic: string;
  /** By the node's clock. */
  readonly sealedAtMs: number;
  readonly readings: readonly Uint8Array[];
  /** Readings that the node gave up since the envelope before. */
  readonly dropped: number;
  /** Hex, SHA-256 of what travels. */
  readonly hash: string;
}

export interface EnvelopeToSeal extends Omit<Envelope, 'hash' | 'dropped'> {
  readonly key: DeviceKey;
  readonly dropped?: number;
}

export interface SealedEnvelope { readonly bytes: Buffer; readonly hash: string }

interface Long { toNumber(): number }

interface Decoded {
  readonly nodeId: string;
  readonly topic: string;
  readonly epoch: Long;
  readonly epochReason: number;
  readonly sequence: Long;
  readonly previousHash: Uint8Array;
  readonly sealedAtMs: Long;
  readonly readings: readonly Uint8Array[];
  readonly dropped: { readonly readings: Long } | null;
}

/** More than a node may send in one message; topics take 8 MiB, dead letters are a third larger. */
export const largestEnvelopeBytes = 1024 * 1024;
const largestNameBytes = 200;
const hashBytes = 32;
const signatureBytes = 64;
const reasons: readonly EpochReason[] = ['unknown', 'first', 'disk-lost'];
const head = Buffer.from('oort-envelope-v1\n');

const root = new Root().loadSync(join(__dirname, 'envelope.proto'), { keepCase: false }).resolveAll();
const [batchType, signedType, envelopeType] = ['EnvelopeBatch', 'SignedEnvelope', 'Envelope'].map((name) => root.lookupType(`oort.telemetry.v1.${name}`)) as [Type, Type, Type];

/** Throws EnvelopeRejected for one that is too large to be taken. */
export function sealEnvelope({ key, epochReason, previousHash, readings, dropped = 0, ...fields }: EnvelopeToSeal): SealedEnvelope {
  const envelope = envelopeType.encode({
    ...fields, readings, epochReason: reasons.indexOf(epochReason), previousHash: Buffer.from(previousHash ?? '', 'hex'),
    ...(dropped === 0 ? {} : { dropped: { readings: dropped } }),
  }).finish();
  const signature = Buffer.from(signWith(key, signedBytes(envelope)), 'hex');
  const bytes = Buffer.from(signedType.encode({ envelope, signature }).finish());
  if (bytes.length > largestEnvelopeBytes) throw new EnvelopeRejected('oversized', `${bytes.length} bytes, at most ${largestEnvelopeBytes}`);
  return { bytes, hash: sha256Hex(bytes) };
}

/** What an envelope claims, to look up the key that openEnvelope needs: nothing is proven yet. Throws EnvelopeRejected. */
export function claimOf(bytes: Uint8Array): { readonly nodeId: string; readonly topic: string } {
  return decoded(split(bytes).envelope);
}

/** Whether it is the next of its node's chain is the question of chain.ts. Throws EnvelopeRejected. */
export function openEnvelope(bytes: Uint8Array, publicKey: string): Envelope {
  const { envelope, signature } = split(bytes);
  const fields = decoded(envelope);
  if (!verifySignature(publicKey, signedBytes(envelope), signature.toString('hex'))) throw new EnvelopeRejected('signature', 'it is not signed by the node it names');
  const { nodeId, topic, readings, epochReason, previousHash, dropped } = fields;
  return {
    nodeId, topic, readings, epoch: fields.epoch.toNumber(), sequence: fields.sequence.toNumber(), sealedAtMs: fields.sealedAtMs.toNumber(),
    epochReason: reasons[epochReason] ?? 'unknown', previousHash: previousHash.length === 0 ? null : Buffer.from(previousHash).toString('hex'),
    dropped: dropped?.readings.toNumber() ?? 0, hash: sha256Hex(bytes),
  };
}

export function batchBytes(envelopes: readonly Uint8Array[]): Buffer {
  return Buffer.from(batchType.encode({ envelopes }).finish());
}

/** Throws EnvelopeRejected. */
export function envelopesIn(bytes: Uint8Array): readonly Buffer[] {
  const { envelopes } = decode<{ readonly envelopes: readonly Uint8Array[] }>(batchType, bytes);
  return envelopes.map((envelope) => Buffer.from(envelope));
}

function split(bytes: Uint8Array): { readonly envelope: Buffer; readonly signature: Buffer } {
  if (bytes.length > largestEnvelopeBytes) throw new EnvelopeRejected('oversized', `${bytes.length} bytes, at most ${largestEnvelopeBytes}`);
  const { envelope, signature } = decode<{ readonly envelope: Uint8Array; readonly signature: Uint8Array }>(signedType, bytes);
  if (signature.length !== signatureBytes) throw malformed('it has no signature');
  return { envelope: Buffer.from(envelope), signature: Buffer.from(signature) };
}

function decoded(bytes: Uint8Array): Decoded {
  const envelope = decode<Decoded>(envelopeType, bytes);
  const { nodeId, topic, previousHash } = envelope;
  if (nodeId === '' || topic === '' || nodeId.length > largestNameBytes || topic.length > largestNameBytes) throw malformed('it names no node or no topic');
  if (previousHash.length !== 0 && previousHash.length !== hashBytes) throw malformed('its previous hash is none');
  for (const number of [envelope.epoch, envelope.sequence, envelope.sealedAtMs]) {
    if (!Number.isSafeInteger(number.toNumber())) throw malformed('a number is out of range');
  }
  if ((previousHash.length === 0) !== (envelope.sequence.toNumber() === 0)) throw malformed('only the first of an epoch follows nothing');
  return envelope;
}

/** Fields that are missing have their defaults; unknown ones are passed over. */
function decode<T>(type: Type, bytes: Uint8Array): T {
  try {
    return type.decode(bytes) as unknown as T;
  } catch {
    throw malformed('it is no protobuf of the schema');
  }
}

function malformed(why: string): EnvelopeRejected {
  return new EnvelopeRejected('malformed' satisfies Rejection, why);
}

/** The head keeps a signature made for anything else from passing as an envelope's. */
function signedBytes(envelope: Uint8Array): Buffer {
  return Buffer.concat([head, envelope]);
}
