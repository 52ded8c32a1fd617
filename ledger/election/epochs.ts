/** The MCI whose trunk block's hash is the VRF input of epoch e: (e - 1) x length, genesis for e <= 1. Nobody can choose it
 *  any more when e begins, and the candidates cannot choose their keys after it. */
export function anchorMciOf(epoch: number, epochLength: number): number {
  return Math.max(0, epoch - 1) * epochLength;
}

/** The epoch that closes when this MCI runs: its successor's first trunk block. Null for every other MCI. */
export function countedEpochOf(mci: number, epochLength: number): number | null {
  return mci > 0 && mci % epochLength === 0 ? mci / epochLength - 1 : null;
}
