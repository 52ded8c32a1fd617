// What a network may choose: periods in seconds, amounts in wei, parts in basis points.
// Code takes the whole value and keeps no period of its own.

export interface PlatformParameters {
  readonly appealSeconds: number;
  readonly appealBondWei: bigint;
  /** Seats of the first jury; each appeal doubles them and adds one. */
  readonly jurySeats: number;
  readonly jurorDepositWei: bigint;
  readonly jurorWageWei: bigint;
  /** A jury has this long to commit, and as long again to reveal. */
  readonly jurySeconds: number;
  readonly votingSeconds: number;
  readonly timelockSeconds: number;
  readonly quorumBasisPoints: number;
  readonly proposalDepositWei: bigint;
  readonly poolOwnMinimumWei: bigint;
  readonly delegationMinimumWei: bigint;
  readonly fullPoolWei: bigint;
  readonly poolLockSeconds: number;
  readonly poolExitSeconds: number;
  /** Of all that stands behind a witness that forked: provable without a jury, so all of it (HONESTY: Protocol, 4). */
  readonly forkSlashBasisPoints: number;
  /** A node whose leaf is disputed has this long to show it. */
  readonly leafAnswerSeconds: number;
  /** How long a signed inventory may be disputed: so long a node keeps pieces that it was told to delete. */
  readonly inventorySeconds: number;
  readonly leafBondWei: bigint;
  readonly leafSlashBasisPoints: number;
  /** Officers of a period. */
  readonly officerSeats: number;
  /** Phantoms that a seat must show for its wage. */
  readonly officerQuota: number;
  /** Tickets are shown in it, before the period itself. */
  readonly officerDrawSeconds: number;
  readonly officerPeriodSeconds: number;
  /** After the period: to show what was committed to. */
  readonly officerShowSeconds: number;
  /** To doubt what was shown, and as long again to answer. */
  readonly officerDisputeSeconds: number;
  readonly officerDepositWei: bigint;
  readonly officerWageWei: bigint;
  readonly officerBondWei: bigint;
  /** A node of which a tenth was taken stands aside so long, then its operator may have it back. */
  readonly suspensionSeconds: number;
  readonly leaseMs: number;
  readonly offlineMs: number;
  readonly tokenDiscountBasisPoints: number;
  /** The shortest reward epoch. */
  readonly rewardEpochSeconds: number;
  /** Emission of one reward epoch to nodes and their delegators. */
  readonly rewardPerEpochWei: bigint;
  readonly rewardAtOnceBasisPoints: number;
  readonly vestingSeconds: number;
}

const oort = 10n ** 18n;
const day = 24 * 60 * 60;

/** Seconds where a public network has hours, so that a whole story fits into minutes. */
export const localParameters: PlatformParameters = {
  appealSeconds: 10, appealBondWei: oort,
  jurySeats: 3, jurorDepositWei: oort, jurorWageWei: oort / 10n, jurySeconds: 20,
  votingSeconds: 10, timelockSeconds: 2, quorumBasisPoints: 1_000,
  proposalDepositWei: oort, poolOwnMinimumWei: 10n * oort, delegationMinimumWei: oort, fullPoolWei: 25n * oort,
  poolLockSeconds: 30, poolExitSeconds: 15, forkSlashBasisPoints: 10_000,
  leafAnswerSeconds: 20, inventorySeconds: 120, leafBondWei: oort, leafSlashBasisPoints: 100,
  officerSeats: 2, officerQuota: 2, officerDrawSeconds: 10, officerPeriodSeconds: 60, officerShowSeconds: 15, officerDisputeSeconds: 20,
  officerDepositWei: oort, officerWageWei: oort / 5n, officerBondWei: oort / 10n, suspensionSeconds: 60, leaseMs: 10_000, offlineMs: 15_000, tokenDiscountBasisPoints: 1_000,
  rewardEpochSeconds: 2, rewardPerEpochWei: 1_000n * oort, rewardAtOnceBasisPoints: 2_500, vestingSeconds: 270 * day,
};

/** Epochs of 10,000 trunk blocks counted as 90 minutes: pools lock 300 of them, exits take 3. */
export const publicParameters: PlatformParameters = {
  appealSeconds: day, appealBondWei: 1_000n * oort,
  jurySeats: 7, jurorDepositWei: 1_000n * oort, jurorWageWei: 20n * oort, jurySeconds: day,
  votingSeconds: 7 * day, timelockSeconds: 2 * day, quorumBasisPoints: 1_000,
  proposalDepositWei: 10_000n * oort, poolOwnMinimumWei: 200_000n * oort, delegationMinimumWei: 1_000n * oort, fullPoolWei: 500_000n * oort,
  poolLockSeconds: 300 * 5_400, poolExitSeconds: 3 * 5_400, forkSlashBasisPoints: 10_000,
  leafAnswerSeconds: day / 4, inventorySeconds: day, leafBondWei: 100n * oort, leafSlashBasisPoints: 100,
  // 12 hours; two periods of five wages are a twentieth of a day's reward.
  officerSeats: 5, officerQuota: 16, officerDrawSeconds: 600, officerPeriodSeconds: day / 2 - 600, officerShowSeconds: day / 4, officerDisputeSeconds: day / 4,
  officerDepositWei: 1_000n * oort, officerWageWei: 500n * oort, officerBondWei: 100n * oort, suspensionSeconds: 7 * day, leaseMs: 60_000, offlineMs: 600_000, tokenDiscountBasisPoints: 1_000,
  rewardEpochSeconds: day, rewardPerEpochWei: 100_000n * oort, rewardAtOnceBasisPoints: 2_500, vestingSeconds: 270 * day,
};

/** What may be voted on: name, value at genesis, highest value allowed. */
export function governedParameters(parameters: PlatformParameters): readonly { readonly name: string; readonly value: bigint; readonly maximum: bigint }[] {
  return [
    { name: 'tokenDiscountBps', value: BigInt(parameters.tokenDiscountBasisPoints), maximum: 5_000n },
    { name: 'rewardPerEpochWei', value: parameters.rewardPerEpochWei, maximum: parameters.rewardPerEpochWei * 10n },
  ];
}
