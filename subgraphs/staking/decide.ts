// Closing a reward epoch: who is granted what, what of all grants can be claimed now, and who pays for it.
import type { Decider, Decision } from '@oort/kernel-decider';
import { allocate } from '@oort/projections-rewards';
import type { RewardGrant, StakingEvent } from '@oort/schema/events/staking';
import type { EpochsCommand } from './commands';
import { distributionRoot } from './distribution';
import { added, evolveEpochs, vestingOf } from './evolve';
import type { EpochsRefusal } from './refusals';
import { noEpochs, type EpochsState, type Vesting } from './state';

export const epochsDecider: Decider<EpochsCommand, EpochsState, StakingEvent, EpochsRefusal> = {
  category: 'reward_epochs', initial: noEpochs, decide, evolve: evolveEpochs,
};

/** There is one line of epochs. */
export const epochsId = 'platform';

function decide({ data, issuedAt }: EpochsCommand, state: EpochsState): Decision<StakingEvent, EpochsRefusal> {
  if (data.afterPosition !== state.untilPosition) {
    return { refused: { code: 'EPOCH_CLOSED_MEANWHILE', message: 'Another epoch was closed at the same time; ask again.', payload: { epoch: state.epoch } } };
  }
  if (data.publishedEpoch < state.epoch) {
    return { refused: { code: 'EPOCH_UNPUBLISHED', message: 'The root of the epoch before is not on chain yet.', payload: { epoch: state.epoch } } };
  }
  const mayCloseAt = state.closedAt === null ? 0 : Date.parse(state.closedAt) + data.minimumSeconds * 1000;
  const nowMs = Date.parse(issuedAt);
  if (nowMs < mayCloseAt) {
    return { refused: { code: 'EPOCH_TOO_SHORT', message: 'The epoch is too young to be closed.', payload: { mayCloseAt: new Date(mayCloseAt).toISOString() } } };
  }
  const grants = allocate({ ...data, vestsUntil: new Date(nowMs + data.vestingSeconds * 1000).toISOString() });
  const closed = close(data, state, grants, issuedAt);
  // What vested meanwhile is worth an epoch too.
  if (grants.length === 0 && BigInt(closed.data.cumulativeWei) === state.cumulativeWei) {
    return { refused: { code: 'NOTHING_TO_REWARD', message: 'Nothing was earned since the last epoch.', payload: null } };
  }
  return { events: [closed] };
}

function close(data: EpochsCommand['data'], state: EpochsState, grants: readonly RewardGrant[], closedAt: string): StakingEvent {
  const vesting = [...state.vesting, ...vestingOf(grants, closedAt)];
  const claimable = added(state.atOnce, [
    ...grants.map(({ address, atOnceWei }) => [address, BigInt(atOnceWei)] as const),
    ...vesting.map((part) => [part.address, vestedOf(part, Date.parse(closedAt))] as const),
  ]);
  const leaves = [...claimable].map(([address, cumulativeWei]) => ({ address, cumulativeWei: cumulativeWei.toString() }))
    .filter(({ cumulativeWei }) => cumulativeWei !== '0').sort((one, other) => (one.address < other.address ? -1 : 1));
  const cumulativeWei = total(leaves.map((leaf) => BigInt(leaf.cumulativeWei)));
  const totalWei = total(grants.map(({ amountWei }) => BigInt(amountWei)));
  const emitted = total(grants.filter(({ role }) => role !== 'contributor').map(({ amountWei }) => BigInt(amountWei)));
  const releases = releasesFor(data, state);
  const fromEscrows = total(releases.map(({ amountWei }) => BigInt(amountWei)));
  return { type: 'RewardEpochClosed', data: {
    epoch: state.epoch + 1, root: distributionRoot(leaves), totalWei: totalWei.toString(), cumulativeWei: cumulativeWei.toString(),
    undistributedWei: (data.emissionWei - emitted).toString(), untilPosition: data.untilPosition.toString(), leaves, grants,
    vestingWei: total(vesting.map((part) => part.amountWei - vestedOf(part, Date.parse(closedAt)))).toString(),
    releases, treasuryWei: (cumulativeWei - state.cumulativeWei - fromEscrows).toString(), closedAt,
  } };
}

/** Contributors are paid from their mission's escrow as far as it goes. */
function releasesFor({ earnings, escrows }: EpochsCommand['data'], { released }: EpochsState): readonly { readonly missionId: string; readonly amountWei: string }[] {
  const earned = added(new Map(), earnings.map(({ missionId, amountWei }) => [missionId, amountWei]));
  return [...earned].flatMap(([missionId, amountWei]) => {
    const held = (escrows.get(missionId) ?? 0n) - (released.get(missionId) ?? 0n);
    const paid = amountWei < held ? amountWei : held;
    return paid > 0n ? [{ missionId, amountWei: paid.toString() }] : [];
  });
}

/** Rounded down, and whole at the end. */
export function vestedOf({ amountWei, fromMs, untilMs }: Vesting, nowMs: number): bigint {
  if (nowMs >= untilMs) return amountWei;
  return nowMs <= fromMs ? 0n : amountWei * BigInt(nowMs - fromMs) / BigInt(untilMs - fromMs);
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
