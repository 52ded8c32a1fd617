import type { RewardGrant, StakingEvent } from '@oort/schema/events/staking';
import type { EpochsState, Vesting } from './state';

export function evolveEpochs(state: EpochsState, event: StakingEvent): EpochsState {
  const { epoch, closedAt, untilPosition, cumulativeWei, grants, releases } = event.data;
  return {
    epoch, closedAt, untilPosition: BigInt(untilPosition), cumulativeWei: BigInt(cumulativeWei),
    atOnce: added(state.atOnce, grants.map(({ address, atOnceWei }) => [address, BigInt(atOnceWei)])),
    vesting: [...state.vesting, ...vestingOf(grants, closedAt)],
    released: added(state.released, releases.map(({ missionId, amountWei }) => [missionId, BigInt(amountWei)])),
  };
}

export function added(amounts: ReadonlyMap<string, bigint>, more: readonly (readonly [string, bigint])[]): ReadonlyMap<string, bigint> {
  const sums = new Map(amounts);
  for (const [key, amount] of more) sums.set(key, (sums.get(key) ?? 0n) + amount);
  return sums;
}

export function vestingOf(grants: readonly RewardGrant[], closedAt: string): readonly Vesting[] {
  return grants.flatMap(({ address, amountWei, atOnceWei, vestsUntil }) => (vestsUntil === null || amountWei === atOnceWei ? [] : [
    { address, amountWei: BigInt(amountWei) - BigInt(atOnceWei), fromMs: Date.parse(closedAt), untilMs: Date.parse(vestsUntil) },
  ]));
}
