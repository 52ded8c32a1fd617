// Who gets what for an epoch: a pure rule. Every wei of what is divided is given to somebody; where shares do not come
// out whole, the largest remainders take the rest (Hamilton's method), earlier names first when they are equal.
import { basisPointsOf } from '@oort/kernel-wire';
import type { RewardGrant } from '@oort/schema/events/staking';

/** `trust` and `uptime` lie between 0 and 1. */
export interface Work { readonly nodeId: string; readonly operator: string; readonly units: number; readonly trust: number; readonly uptime: number }
export interface Earning { readonly missionId: string; readonly address: string; readonly amountWei: bigint }
export interface PoolStake {
  readonly own: bigint;
  readonly commissionBasisPoints: number;
  readonly delegations: readonly { readonly delegator: string; readonly amountWei: bigint }[];
}

export interface EpochBasis {
  readonly emissionWei: bigint;
  readonly work: readonly Work[];
  /** By operator. */
  readonly pools: ReadonlyMap<string, PoolStake>;
  readonly earnings: readonly Earning[];
  readonly atOnceBasisPoints: number;
  readonly vestsUntil: string;
}

type Share = Pick<RewardGrant, 'address' | 'role' | 'source'> & { readonly amountWei: bigint };

/** Weights are integers from here on, so that everybody who computes them gets the same wei. */
const weightScale = 1e9;

export function allocate(basis: EpochBasis): readonly RewardGrant[] {
  const { work, pools, earnings, emissionWei, atOnceBasisPoints, vestsUntil } = basis;
  const rewards = largestRemainder(emissionWei, work.map(weightOf));
  const shares = work.flatMap((node, index) => divide(node, rewards[index] ?? 0n, pools.get(node.operator)));
  const vesting = merged(shares).map(({ amountWei, ...share }): RewardGrant =>
    ({ ...share, amountWei: amountWei.toString(), atOnceWei: basisPointsOf(amountWei, atOnceBasisPoints).toString(), vestsUntil }));
  const contributors = merged(earnings.map(({ missionId, address, amountWei }): Share => ({ address, role: 'contributor', source: missionId, amountWei })));
  return [...vesting, ...contributors.map(({ amountWei, ...share }) =>
    ({ ...share, amountWei: amountWei.toString(), atOnceWei: amountWei.toString(), vestsUntil: null }))];
}

/** Units done x T^2 x uptime (HONESTY: Rates). */
function weightOf({ units, trust, uptime }: Work): bigint {
  return BigInt(Math.round(units * trust * trust * uptime * weightScale));
}

/** A node's reward follows the stake behind it: the part of delegated stake goes to delegators, less the pool's commission. */
function divide({ nodeId, operator }: Work, rewardWei: bigint, pool: PoolStake | undefined): readonly Share[] {
  const delegated = pool === undefined ? 0n : pool.delegations.reduce((sum, { amountWei }) => sum + amountWei, 0n);
  if (pool === undefined || delegated === 0n) return [{ address: operator, role: 'node', source: nodeId, amountWei: rewardWei }];
  const gross = rewardWei * delegated / (pool.own + delegated);
  const net = gross - basisPointsOf(gross, pool.commissionBasisPoints);
  const parts = largestRemainder(net, pool.delegations.map(({ amountWei }) => amountWei));
  return [
    { address: operator, role: 'node', source: nodeId, amountWei: rewardWei - net },
    ...pool.delegations.map(({ delegator }, index): Share => ({ address: delegator, role: 'delegator', source: operator, amountWei: parts[index] ?? 0n })),
  ];
}

/** Parts of `total` in proportion to the weights, summing to it exactly; all zero when the weights are. */
export function largestRemainder(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  const sum = weights.reduce((all, weight) => all + weight, 0n);
  if (sum === 0n) return weights.map(() => 0n);
  const floors = weights.map((weight) => total * weight / sum);
  const left = total - floors.reduce((all, floor) => all + floor, 0n);
  const byRemainder = weights.map((weight, index) => ({ index, remainder: total * weight % sum }))
    .sort((one, other) => (one.remainder === other.remainder ? one.index - other.index : one.remainder > other.remainder ? -1 : 1));
  const lucky = new Set(byRemainder.slice(0, Number(left)).map(({ index }) => index));
  return floors.map((floor, index) => (lucky.has(index) ? floor + 1n : floor));
}

/** One share for each (address, role, source), in the order of their first; nothing for nothing. */
function merged(shares: readonly Share[]): readonly Share[] {
  const byKey = new Map<string, Share>();
  for (const share of shares) {
    const key = `${share.address}/${share.role}/${share.source}`;
    byKey.set(key, { ...share, amountWei: share.amountWei + (byKey.get(key)?.amountWei ?? 0n) });
  }
  return [...byKey.values()].filter(({ amountWei }) => amountWei > 0n);
}
