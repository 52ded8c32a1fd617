// What stands in the contracts, from their logs alone. Shares are counted as StakingPools counts them (rounded down when
// they are made, up when they are taken back), so a delegation here is worth to the wei what it is worth there.
import type { EntitySchema } from 'typeorm';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import {
  DefiStakeEntity, DelegationEntity, EscrowEntity, ParameterEntity, PoolEntity, ProposalEntity, VoteEntity, type PoolRow,
} from './entities';

type Log = Extract<LedgerEvent, { readonly type: 'ChainLogObserved' }>['data'];

export const stakesProjection: Projection = {
  name: 'stakes', version: 1, poison: 'stop', subscribes: ['ChainLogObserved'],
  entities: [PoolEntity, DelegationEntity, DefiStakeEntity, ProposalEntity, VoteEntity, ParameterEntity, EscrowEntity] as readonly EntitySchema<object>[],
  apply: (event: RecordedEvent, rows) => apply(event.data as unknown as Log, rows),
};

function apply(log: Log, rows: Rows): Promise<void> {
  switch (log.contract) {
    case 'StakingPools': return applyPools(log, rows);
    case 'DefiPool': return applyDefi(log, rows);
    case 'Governance': return applyGovernance(log, rows);
    case 'Escrow': return applyEscrow(log, rows);
    default: return Promise.resolve();
  }
}

async function applyPools(log: Log, rows: Rows): Promise<void> {
  const [address, amount] = [addressOf(log, 'pool'), amountOf(log, log.event === 'PoolCreated' ? 'ownStake' : 'amount')];
  if (log.event === 'PoolCreated') {
    const fresh = { address, own: amount.toString(), delegated: '0', shares: '0', exiting: '0', slashed: '0' };
    await rows.put(PoolEntity, { ...fresh, commissionBasisPoints: Number(log.args['commissionBasisPoints']), txHash: log.txHash });
    return;
  }
  const pool = await rows.findOne(PoolEntity, { address });
  if (pool === null) return;
  await rows.put(PoolEntity, await changed(log, pool, amount, rows));
}

async function changed(log: Log, pool: PoolRow, amount: bigint, rows: Rows): Promise<PoolRow> {
  const [own, delegated, exiting] = [BigInt(pool.own), BigInt(pool.delegated), BigInt(pool.exiting)];
  switch (log.event) {
    case 'StakeAdded': return { ...pool, own: (own + amount).toString() };
    case 'Delegated': {
      const shares = BigInt(pool.shares) === 0n ? amount : amount * BigInt(pool.shares) / delegated;
      await moveShares(pool.address, addressOf(log, 'delegator'), shares, rows);
      return { ...pool, delegated: (delegated + amount).toString(), shares: (BigInt(pool.shares) + shares).toString() };
    }
    case 'ExitRequested': {
      const staker = addressOf(log, 'staker');
      if (staker === pool.address) return { ...pool, own: (own - amount).toString(), exiting: (exiting + amount).toString() };
      const shares = await takenShares(pool, staker, amount, rows);
      return { ...pool, delegated: (delegated - amount).toString(), shares: (BigInt(pool.shares) - shares).toString(), exiting: (exiting + amount).toString() };
    }
    case 'Withdrawn': return { ...pool, exiting: (exiting - amount).toString() };
    case 'Slashed': {
      const fromOwn = least(amount, own);
      const fromDelegated = least(amount - fromOwn, delegated);
      return {
        ...pool, own: (own - fromOwn).toString(), delegated: (delegated - fromDelegated).toString(),
        exiting: (exiting - (amount - fromOwn - fromDelegated)).toString(), slashed: (BigInt(pool.slashed) + amount).toString(),
      };
    }
    // Follows its Slashed: what the operator had asked to take out bore this much, and not what others delegated.
    case 'DelegationsSpared': return { ...pool, delegated: (delegated + amount).toString(), exiting: (exiting - amount).toString() };
    default: return pool;
  }
}

async function takenShares(pool: PoolRow, staker: string, amount: bigint, rows: Rows): Promise<bigint> {
  const held = BigInt((await rows.findOne(DelegationEntity, { id: `${pool.address}/${staker}` }))?.shares ?? '0');
  const delegated = BigInt(pool.delegated);
  const shares = least((amount * BigInt(pool.shares) + delegated - 1n) / delegated, held);
  await moveShares(pool.address, staker, -shares, rows);
  return shares;
}

async function moveShares(pool: string, delegator: string, shares: bigint, rows: Rows): Promise<void> {
  const id = `${pool}/${delegator}`;
  const before = BigInt((await rows.findOne(DelegationEntity, { id }))?.shares ?? '0');
  await rows.put(DelegationEntity, { id, pool, delegator, shares: (before + shares).toString() });
}

async function applyDefi(log: Log, rows: Rows): Promise<void> {
  if (log.event !== 'Staked' && log.event !== 'Unstaked') return;
  const address = addressOf(log, 'account');
  const before = BigInt((await rows.findOne(DefiStakeEntity, { address }))?.shares ?? '0');
  const shares = amountOf(log, 'shares');
  await rows.put(DefiStakeEntity, { address, shares: (log.event === 'Staked' ? before + shares : before - shares).toString() });
}

async function applyGovernance(log: Log, rows: Rows): Promise<void> {
  const id = String(log.args['proposalId']);
  switch (log.event) {
    case 'ParameterChanged':
      await rows.put(ParameterEntity, { name: nameOf(String(log.args['name'])), value: String(log.args['value']) });
      return;
    case 'Proposed':
      await rows.put(ProposalEntity, {
        id, ordinal: Number(id), proposer: addressOf(log, 'proposer'), parameter: nameOf(String(log.args['parameter'])), value: String(log.args['value']),
        reason: String(log.args['reason']), votingEndsAt: new Date(Number(log.args['votingEndsAt']) * 1000).toISOString(), inFavour: '0', against: '0', status: 'open', txHash: log.txHash,
      });
      return;
    case 'Voted': {
      const proposal = await rows.findOne(ProposalEntity, { id });
      const [support, weight] = [log.args['support'] === true, amountOf(log, 'weight')];
      await rows.put(VoteEntity, { id: `${id}/${addressOf(log, 'voter')}`, proposalId: id, voter: addressOf(log, 'voter'), support, weight: weight.toString() });
      if (proposal === null) return;
      const side = support ? 'inFavour' : 'against';
      await rows.update(ProposalEntity, { id }, { [side]: (BigInt(proposal[side]) + weight).toString() });
      return;
    }
    case 'Executed': await rows.update(ProposalEntity, { id }, { status: 'executed' }); return;
    case 'Rejected': await rows.update(ProposalEntity, { id }, { status: 'rejected' }); return;
    default: return;
  }
}

async function applyEscrow(log: Log, rows: Rows): Promise<void> {
  const id = String(log.args['id']).toLowerCase();
  const row = (await rows.findOne(EscrowEntity, { id })) ?? { id, funded: '0', released: '0', refunded: '0' };
  const side = { Funded: 'funded', Released: 'released', Refunded: 'refunded' }[log.event] as 'funded' | 'released' | 'refunded' | undefined;
  if (side !== undefined) await rows.put(EscrowEntity, { ...row, [side]: (BigInt(row[side]) + amountOf(log, 'amount')).toString() });
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function addressOf(log: Log, name: string): string {
  return String(log.args[name]).toLowerCase();
}

function amountOf(log: Log, name: string): bigint {
  return BigInt(String(log.args[name] ?? '0'));
}

/** A bytes32 of text: zeros end it. */
function nameOf(bytes32: string): string {
  return Buffer.from(bytes32.slice(2), 'hex').toString('utf8').replace(/\0+$/, '');
}
