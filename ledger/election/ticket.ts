import { prove, verify } from '@oort/algorithms-vrf';
import { signApprove } from '@oort/ledger-chain';
import type { Approve, Hash, Hex } from '@oort/ledger-chain';
import { getBytes, hexlify } from 'ethers';

/** A candidate's approve for `epoch`, in its wire form. `anchor`: hash of the trunk block of `anchorMciOf`. */
export function drawTicket(
  privateKey: Hex, { epoch, anchor, chainId }: { readonly epoch: number; readonly anchor: Hash; readonly chainId: number },
): Hex {
  const proof = hexlify(prove(getBytes(privateKey), getBytes(anchor)));
  return signApprove({ epoch, proof }, chainId, privateKey);
}

/** What the ticket draws, or null where its proof does not hold. Cost: one VRF verification, some milliseconds. */
export function ticketOutput(approve: Approve, anchor: Hash): Hash | null {
  const output = verify(getBytes(approve.publicKey), getBytes(approve.proof), getBytes(anchor));
  return output === null ? null : hexlify(output);
}
