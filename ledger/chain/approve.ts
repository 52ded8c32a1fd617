// An approve is a candidate's ticket for an election (OLYMPUS.md section 2): RLP [epoch, proof(81 bytes), v, r, s], signed
// over [epoch, proof, chain id, 0, 0] as EIP-155 signs a transaction.
import { AbiCoder, SigningKey, Signature, computeAddress, decodeRlp, encodeRlp, id, keccak256, toBeHex } from 'ethers';
import { integerHex } from './hex';
import type { Address, Hash, Hex } from './hex';
import type { Log } from './receipt';

export interface Approve {
  readonly hash: Hash;
  readonly epoch: number;
  readonly proof: Hex;
  readonly from: Address;
  /** Uncompressed: the key under which the proof must hold. */
  readonly publicKey: Hex;
  readonly raw: Hex;
}

/** What the receipts root commits to for one approve; the output is zero where the approve does not count. */
export interface ApproveReceipt {
  readonly status: 0 | 1;
  readonly from: Address;
  readonly output: Hash;
}

const proofBytes = 81;
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

export function approveSigningHash(ticket: { readonly epoch: number; readonly proof: Hex }, chainId: number): Hash {
  return keccak256(encodeRlp([integerHex(ticket.epoch), ticket.proof, integerHex(chainId), '0x', '0x']));
}

/** The wire form; its hash is Keccak-256 of it. */
export function signApprove(
  ticket: { readonly epoch: number; readonly proof: Hex }, chainId: number, privateKey: Hex,
): Hex {
  const { r, s, yParity } = new SigningKey(privateKey).sign(approveSigningHash(ticket, chainId));
  const v = chainId * 2 + 35 + yParity;
  return encodeRlp([integerHex(ticket.epoch), ticket.proof, integerHex(v), short(r), short(s)]);
}

/** Null where the bytes are no approve of this chain in their one canonical form. Whether it counts is the election's to say.
 *  Cost: one curve recovery. */
export function parseApprove(raw: Hex, chainId: number): Approve | null {
  try {
    const items: unknown = decodeRlp(raw);
    if (!Array.isArray(items) || items.length !== 5) return null;
    const [epoch, proof, v, r, s] = items as readonly unknown[];
    if (![epoch, proof, v, r, s].every((item) => typeof item === 'string')) return null;
    const [epochHex, proofHex, vHex, rHex, sHex] = items as [Hex, Hex, Hex, Hex, Hex];
    if (proofHex.length !== 2 + 2 * proofBytes || epochHex.length > 14) return null;
    const yParity = numberOf(vHex) - chainId * 2 - 35;
    if (yParity !== 0 && yParity !== 1) return null;
    if (BigInt(sHex) > halfOrder) return null;
    const ticket = { epoch: numberOf(epochHex), proof: proofHex };
    const canonical = encodeRlp([integerHex(ticket.epoch), proofHex, integerHex(numberOf(vHex)), short(rHex), short(sHex)]);
    if (canonical !== raw.toLowerCase()) return null;
    const signature = Signature.from({ r: full(rHex), s: full(sHex), yParity });
    const publicKey = SigningKey.recoverPublicKey(approveSigningHash(ticket, chainId), signature);
    return { ...ticket, hash: keccak256(canonical), from: computeAddress(publicKey).toLowerCase(), publicKey, raw: canonical };
  } catch {
    // Whatever the decoders throw at, it is no approve.
    return null;
  }
}

/** Where a set that was elected stands as a log: nobody's address, so that no contract can say the same. */
export const witnessSetAddress: Address = `0x${id('olympus witness set').slice(26)}`;
const witnessSetTopic: Hash = id('WitnessSet(uint256,address[])');

/** The log that says who serves in `epoch`, in the order of their draws. */
export function witnessSetLog(epoch: number, witnesses: readonly Address[]): Log {
  return {
    address: witnessSetAddress,
    topics: [witnessSetTopic, toBeHex(epoch, 32)],
    data: AbiCoder.defaultAbiCoder().encode(['address[]'], [witnesses]),
  };
}

/** OLYMPUS.md section 3, rule 11. */
export function encodeApproveReceipt({ status, from, output }: ApproveReceipt): Hex {
  return encodeRlp([integerHex(status), from, output]);
}

function numberOf(hex: Hex): number {
  return hex === '0x' ? 0 : Number(BigInt(hex));
}

/** RLP takes integers without leading zeros. */
function short(hex: Hex): Hex {
  return integerHex(BigInt(hex));
}

function full(hex: Hex): Hex {
  return `0x${hex.slice(2).padStart(64, '0')}`;
}
