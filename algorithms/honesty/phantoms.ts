// What an officer commits to for a phantom before anything is sent, and shows afterwards (ledger/contracts: OfficerCourt.leafOf). Bound to
// its officer and its period, so that nobody's commitment is another's.
import { AbiCoder, getBytes, keccak256 } from 'ethers';
import { inclusionProof, leafHash, merkleRoot } from '@oort/kernel-merkle';
import type { Opening, PublicEvent } from './promise';

/** Where and by whom; `court` is the address of OfficerCourt on the chain with that id. */
export interface Seat { readonly chainId: bigint; readonly court: string; readonly period: bigint; readonly officer: string }

/** 32 bytes in hex with 0x, each. */
export interface PhantomOpening {
  /** SHA-256 of the spec's RFC 8785 form. */
  readonly task: string;
  /** SHA-256 of the known answer's, a list of numbers. */
  readonly expected: string;
  readonly salt: string;
}

const coder = AbiCoder.defaultAbiCoder();

export function phantomLeaf({ chainId, court, period, officer }: Seat, { task, expected, salt }: PhantomOpening): string {
  const types = ['string', 'uint256', 'address', 'uint64', 'address', 'bytes32', 'bytes32', 'bytes32'];
  return keccak256(coder.encode(types, ['oort/phantom/1', chainId, court, period, officer, task, expected, salt]));
}

/** RFC 6962 over the leaves. */
export function phantomRoot(leaves: readonly string[]): string {
  return `0x${merkleRoot(leaves.map(nodeOf)).toString('hex')}`;
}

export function phantomPath(leaves: readonly string[], index: number): readonly string[] {
  return inclusionProof(leaves.map(nodeOf), index).map((hash) => `0x${hash.toString('hex')}`);
}

export function nodeOf(leaf: string): Buffer {
  return leafHash(Buffer.from(getBytes(leaf)));
}

/** For one that was never answered: it stays shut, and is still part of the root. */
export function shutPhantom(leaf: string): PhantomOpening {
  const zero = `0x${'00'.repeat(32)}`;
  return { task: leaf, expected: zero, salt: zero };
}

interface Shown { readonly period: string; readonly officer: string; readonly openings: readonly (readonly [task: string, expected: string, salt: string])[] }

/** Of what an officer showed the chain as opened, the places of those that are in no batch that the platform committed to: they were never
 *  sent. By the public feed in its order; null while that cannot be said, since a batch that it may be in is shut or not there yet. */
export function unsentPhantoms(feed: readonly PublicEvent[], seat: Seat): { readonly leaves: readonly string[]; readonly unsent: readonly number[] } | null {
  const shownAt = feed.findIndex(({ type, data }) => type === 'ChainLogObserved' && data['contract'] === 'OfficerCourt' && data['event'] === 'PhantomsShown' && isOf(data['args'], seat));
  // What was answered before it was shown is in the batch that was gathered then, or in one before it.
  const last = feed.findIndex(({ type }, at) => at > shownAt && type === 'BatchCommitted');
  if (shownAt === -1 || last === -1) return null;
  const [opened, sent] = [new Set<string>(), new Set<string>()];
  for (const { type, data } of feed) {
    if (type !== 'BatchOpened') continue;
    opened.add(String(data['batchId']));
    for (const { isPhantom, expectedHash } of data['openings'] as readonly Opening[]) if (isPhantom && expectedHash !== null) sent.add(`0x${expectedHash}`);
  }
  if (feed.slice(0, last + 1).some(({ type, data }) => type === 'BatchCommitted' && !opened.has(String(data['batchId'])))) return null;
  const { openings } = feed[shownAt]?.data['args'] as Shown;
  const isShut = (salt: string): boolean => BigInt(salt) === 0n;
  const leaves = openings.map(([task, expected, salt]) => (isShut(salt) ? task : phantomLeaf(seat, { task, expected, salt })));
  return { leaves, unsent: leaves.flatMap((leaf, index) => (isShut(openings[index]?.[2] ?? '0x0') || sent.has(leaf) ? [] : [index])) };
}

function isOf(args: unknown, { period, officer }: Seat): boolean {
  const shown = args as Partial<Shown>;
  return shown.period === period.toString() && shown.officer?.toLowerCase() === officer.toLowerCase();
}
