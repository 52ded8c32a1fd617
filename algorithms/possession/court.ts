// What stands behind a leaf that is disputed on the chain (LeafCourt): what the node signs for it, and an answer as the contract takes it.
import type { InventoryAnswer } from './inventory';

/** The statement whose id, as LeafCourt computes it, a node signs with the key that its pool enlisted (EIP-191). Hex with 0x. */
export interface CourtInventory {
  readonly pool: string;
  /** The address of that key. */
  readonly node: string;
  readonly root: string;
  readonly leaves: number;
  /** Seconds of Unix time. */
  readonly madeAt: number;
}

export interface SignedForCourt extends CourtInventory { readonly signature: string }

/** Arguments of `LeafCourt.answer` after the dispute's id. */
export type CourtAnswer = readonly [
  piece: { readonly id: string; readonly root: string; readonly leaves: number },
  path: readonly { readonly hash: string; readonly sum: number; readonly left: boolean }[],
  leaf: string,
  proof: readonly string[],
];

export function courtAnswer({ piece, path, proof }: InventoryAnswer): CourtAnswer {
  return [
    { id: piece.pieceId, root: `0x${piece.root}`, leaves: piece.leaves }, path.map(({ hash, sum, left }) => ({ hash: `0x${hash}`, sum, left })),
    `0x${Buffer.from(proof.leaf, 'base64').toString('hex')}`, proof.path.map((hash) => `0x${hash}`),
  ];
}

export function isSignedForCourt(value: unknown): value is SignedForCourt {
  if (typeof value !== 'object' || value === null) return false;
  const { pool, node, root, leaves, madeAt, signature } = value as Readonly<Record<string, unknown>>;
  const isHex = (text: unknown, bytes: number): boolean => typeof text === 'string' && text.length === 2 + 2 * bytes && /^0x[0-9a-fA-F]*$/.test(text);
  return isHex(pool, 20) && isHex(node, 20) && isHex(root, 32) && isHex(signature, 65) && [leaves, madeAt].every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
}
