import { EntitySchema } from 'typeorm';

export const stakesSchema = 'stakes';

/** Amounts are wei as decimal text. Addresses are lower case. */
export interface PoolRow { address: string; own: string; delegated: string; shares: string; exiting: string; slashed: string; commissionBasisPoints: number; txHash: string }
export interface DelegationRow { id: string; pool: string; delegator: string; shares: string }
export interface DefiStakeRow { address: string; shares: string }
export interface ProposalRow {
  id: string; ordinal: number; proposer: string; parameter: string; value: string; reason: string; votingEndsAt: string;
  inFavour: string; against: string; status: string; txHash: string;
}
export interface VoteRow { id: string; proposalId: string; voter: string; support: boolean; weight: string }
export interface ParameterRow { name: string; value: string }
/** `id` is the contract's. What it holds is funded - released - refunded. */
export interface EscrowRow { id: string; funded: string; released: string; refunded: string }

const text = { type: 'text' } as const;
const key = { type: 'text', primary: true } as const;

export const PoolEntity = new EntitySchema<PoolRow>({
  name: 'StakingPool', tableName: 'pool', schema: stakesSchema,
  columns: { address: key, own: text, delegated: text, shares: text, exiting: text, slashed: text, commissionBasisPoints: { type: 'int' }, txHash: text },
});
export const DelegationEntity = new EntitySchema<DelegationRow>({
  name: 'Delegation', tableName: 'delegation', schema: stakesSchema, columns: { id: key, pool: text, delegator: text, shares: text },
  indices: [{ name: 'delegation_pool', columns: ['pool'] }, { name: 'delegation_delegator', columns: ['delegator'] }],
});
export const DefiStakeEntity = new EntitySchema<DefiStakeRow>({ name: 'DefiStake', tableName: 'defi_stake', schema: stakesSchema, columns: { address: key, shares: text } });
export const ProposalEntity = new EntitySchema<ProposalRow>({
  name: 'Proposal', tableName: 'proposal', schema: stakesSchema,
  columns: {
    id: key, ordinal: { type: 'int' }, proposer: text, parameter: text, value: text, reason: text, votingEndsAt: text, inFavour: text, against: text, status: text, txHash: text,
  },
});
export const VoteEntity = new EntitySchema<VoteRow>({
  name: 'Vote', tableName: 'vote', schema: stakesSchema, columns: { id: key, proposalId: text, voter: text, support: { type: 'boolean' }, weight: text },
  indices: [{ name: 'vote_proposal', columns: ['proposalId'] }],
});
export const ParameterEntity = new EntitySchema<ParameterRow>({ name: 'GovernedParameter', tableName: 'parameter', schema: stakesSchema, columns: { name: key, value: text } });
export const EscrowEntity = new EntitySchema<EscrowRow>({ name: 'EscrowBalance', tableName: 'escrow', schema: stakesSchema, columns: { id: key, funded: text, released: text, refunded: text } });
