// What an officer commits to for a phantom before anything is sent, and shows afterwards (ledger/contracts: OfficerCourt.leafOf). Bound to
// its officer and its period, so that nobody's commitment is another's.
import { AbiCoder, getBytes, keccak256 } from 'ethers';
import { inclusionProof, leafHash, merkleRoot } from '@oort/kernel-merkle';

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
