// The chain of one node and topic as a consumer knows it: what came, and what is missing. Pure; where it is kept is the consumer's
// choice, beside the effect of the envelopes (receiver.ts), so that both change together or not at all.
//
// Within an epoch every envelope names the hash of the one before. A gap is remembered with the hashes at both its ends, so an
// envelope that comes late (a replayed dead letter) is accepted once, and only if it is the one that was missing.
import type { ChainPlace } from './envelope';
import type { Rejection } from './faults';

/** A run of envelopes that never came. Hashes are null where nobody knows them. */
export interface Missing {
  readonly from: number;
  readonly to: number;
  /** Of the envelope before `from`. */
  readonly before: string | null;
  /** Of the envelope `to`. */
  readonly last: string | null;
}

export interface EpochHead {
  readonly epoch: number;
  /** Of the last envelope that came, and its hash. */
  readonly sequence: number;
  readonly hash: string;
  readonly missing: readonly Missing[];
}

/** The latest epoch first. */
export type ChainHead = readonly EpochHead[];

/** What a consumer is told beside the readings: nothing of it stops them. */
export type Notice =
  /** The consumer starts in the middle of a chain: it is new, or what it knew is lost. */
  | { readonly kind: 'joined'; readonly sequence: number }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  | { readonly kind: 'late'; readonly sequence: number }
  /** The node began anew. Whether it lost readings with its disk, nobody can tell. */
  | { readonly kind: 'epoch'; readonly reason: string; readonly endedAt: number }
  /** The node's buffer was full. */
  | { readonly kind: 'dropped'; readonly readings: number }
  /** The node's clock is ahead of ours: its times are capped to ours. */
  | { readonly kind: 'clock-ahead'; readonly ms: number };

export type Link =
  | { readonly kind: 'accepted'; readonly head: ChainHead; readonly notices: readonly Notice[] }
  /** It had its effect already. */
  | { readonly kind: 'redelivered' }
  | { readonly kind: 'refused'; readonly rejection: Extract<Rejection, 'forked' | 'stale-epoch' | 'too-late'>; readonly why: string };

type Placed = ChainPlace & { readonly hash: string };

const mostEpochs = 8;
const mostMissing = 64;

export function link(head: ChainHead, envelope: Placed): Link {
  const known = head.find(({ epoch }) => epoch === envelope.epoch);
  const [latest] = head;
  if (known !== undefined) return linkWithin(head, known, envelope);
  if (latest === undefined || envelope.epoch > latest.epoch) return begin(head, latest, envelope);
  return { kind: 'refused', rejection: 'stale-epoch', why: `epoch ${envelope.epoch} was over before ${latest.epoch}` };
}

function begin(head: ChainHead, latest: EpochHead | undefined, envelope: Placed): Link {
  const { epoch, epochReason, sequence, hash, previousHash } = envelope;
  const missing: readonly Missing[] = sequence === 0 ? [] : [{ from: 0, to: sequence - 1, before: null, last: previousHash }];
  const notices: readonly Notice[] = [
    ...(latest === undefined ? [] : [{ kind: 'epoch', reason: epochReason, endedAt: latest.sequence } as const]),
    ...(sequence === 0 ? [] : latest === undefined ? [{ kind: 'joined', sequence } as const] : [{ kind: 'gap', from: 0, to: sequence - 1 } as const]),
  ];
  return { kind: 'accepted', notices, head: [{ epoch, sequence, hash, missing }, ...head].slice(0, mostEpochs) };
}

function linkWithin(head: ChainHead, known: EpochHead, envelope: Placed): Link {
  const { sequence, hash, previousHash } = envelope;
  const replaced = (next: EpochHead): ChainHead => head.map((one) => (one === known ? next : one));
  if (sequence < known.sequence) return fill(known, envelope, replaced);
  if (sequence === known.sequence) return hash === known.hash ? { kind: 'redelivered' } : forked(sequence);
  if (sequence === known.sequence + 1) {
    return previousHash === known.hash ? { kind: 'accepted', notices: [], head: replaced({ ...known, sequence, hash }) } : forked(sequence);
  }
  const gap: Missing = { from: known.sequence + 1, to: sequence - 1, before: known.hash, last: previousHash };
  const missing = [...known.missing, gap].slice(-mostMissing);
  return { kind: 'accepted', notices: [{ kind: 'gap', from: gap.from, to: gap.to }], head: replaced({ ...known, sequence, hash, missing }) };
}

/** One that is older than the last: it was missing, or it came before. */
function fill(known: EpochHead, { sequence, hash, previousHash }: Placed, replaced: (next: EpochHead) => ChainHead): Link {
  const gap = known.missing.find(({ from, to }) => sequence >= from && sequence <= to);
  if (gap === undefined) {
    const forgotten = known.missing.length === mostMissing && sequence < (known.missing[0]?.from ?? 0);
    return forgotten ? { kind: 'refused', rejection: 'too-late', why: `more than ${mostMissing} gaps came after ${sequence}` } : { kind: 'redelivered' };
  }
  if (sequence === gap.from && gap.before !== null && previousHash !== gap.before) return forked(sequence);
  if (sequence === gap.to && gap.last !== null && hash !== gap.last) return forked(sequence);
  const left: readonly Missing[] = sequence === gap.from ? [] : [{ ...gap, to: sequence - 1, last: previousHash }];
  const right: readonly Missing[] = sequence === gap.to ? [] : [{ ...gap, from: sequence + 1, before: hash }];
  const missing = known.missing.flatMap((one) => (one === gap ? [...left, ...right] : [one]));
  return { kind: 'accepted', notices: [{ kind: 'late', sequence }], head: replaced({ ...known, missing }) };
}

function forked(sequence: number): Link {
  return { kind: 'refused', rejection: 'forked', why: `another envelope ${sequence} came before it, or it does not follow the one before` };
}
