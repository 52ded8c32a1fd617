import { id as keccakOfText } from 'ethers';
import { earnedBetween, publishedEpoch, rewardEpochs, type PoolStake } from '@oort/projections-rewards';
import { delegations, escrow, governedParameter, pools } from '@oort/projections-stakes';
import type { PlatformParameters, SubgraphPorts } from '@oort/schema';
import type { EpochsCommand } from './commands';

/** What an epoch that ends now is computed from; all of it up to one position of the log. */
export async function epochBasis({ store, readModels, now }: Pick<SubgraphPorts, 'store' | 'readModels' | 'now'>, parameters: PlatformParameters): Promise<EpochsCommand['data']> {
  const { database } = readModels;
  const untilPosition = await store.head() ?? -1n;
  await Promise.all([readModels.waitFor('rewards', untilPosition), readModels.waitFor('stakes', untilPosition)]);
  const [last] = await rewardEpochs(database);
  const afterPosition = BigInt(last?.untilPosition ?? -1n);
  const time = { fromMs: last === undefined ? 0 : Date.parse(last.closedAt), untilMs: now().getTime() };
  const { work, earnings } = await earnedBetween(database, afterPosition, untilPosition, time);
  const missions = [...new Set(earnings.map(({ missionId }) => missionId))];
  const escrows = new Map(await Promise.all(missions.map(async (missionId) => {
    const row = await escrow(database, keccakOfText(missionId));
    return [missionId, BigInt(row?.funded ?? '0') - BigInt(row?.refunded ?? '0')] as const;
  })));
  return {
    publishedEpoch: (await publishedEpoch(database))?.epoch ?? 0,
    work, earnings, escrows, afterPosition, untilPosition, pools: await stakesByOperator(readModels),
    emissionWei: await governedParameter(database, 'rewardPerEpochWei') ?? parameters.rewardPerEpochWei,
    atOnceBasisPoints: parameters.rewardAtOnceBasisPoints, vestingSeconds: parameters.vestingSeconds, minimumSeconds: parameters.rewardEpochSeconds,
  };
}

async function stakesByOperator({ database }: SubgraphPorts['readModels']): Promise<ReadonlyMap<string, PoolStake>> {
  const all = await delegations(database, {});
  return new Map((await pools(database)).map(({ address, own, commissionBasisPoints }) =>
    [address, { own: BigInt(own), commissionBasisPoints, delegations: all.filter(({ pool }) => pool === address) }]));
}
