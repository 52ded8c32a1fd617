import type { DataSource } from 'typeorm';
import {
  DefiStakeEntity, DelegationEntity, EscrowEntity, ParameterEntity, PoolEntity, ProposalEntity, VoteEntity,
  type DefiStakeRow, type DelegationRow, type EscrowRow, type ParameterRow, type PoolRow, type ProposalRow, type VoteRow,
} from './entities';

export interface Delegation { readonly pool: string; readonly delegator: string; readonly amountWei: bigint }

export function poolOf(database: DataSource, address: string): Promise<PoolRow | null> {
  return database.getRepository(PoolEntity).findOneBy({ address: address.toLowerCase() });
}

export function pools(database: DataSource): Promise<readonly PoolRow[]> {
  return database.getRepository(PoolEntity).find({ order: { address: 'ASC' } });
}

/** By pool, by delegator, or all of them; empty ones are left out. */
export async function delegations(database: DataSource, of: { readonly pool?: string; readonly delegator?: string }): Promise<readonly Delegation[]> {
  const where = Object.fromEntries(Object.entries(of).map(([name, address]) => [name, address.toLowerCase()]));
  const rows: readonly DelegationRow[] = await database.getRepository(DelegationEntity).find({ where, order: { id: 'ASC' } });
  const byAddress = new Map((await pools(database)).map((pool) => [pool.address, pool]));
  return rows.flatMap(({ pool, delegator, shares }) => {
    const row = byAddress.get(pool);
    if (row === undefined || BigInt(shares) === 0n) return [];
    return [{ pool, delegator, amountWei: BigInt(shares) * BigInt(row.delegated) / BigInt(row.shares) }];
  });
}

export function defiStakes(database: DataSource): Promise<readonly DefiStakeRow[]> {
  return database.getRepository(DefiStakeEntity).find({ order: { address: 'ASC' } });
}

export function defiStakeOf(database: DataSource, address: string): Promise<DefiStakeRow | null> {
  return database.getRepository(DefiStakeEntity).findOneBy({ address: address.toLowerCase() });
}

/** Newest first. */
export function proposals(database: DataSource): Promise<readonly ProposalRow[]> {
  return database.getRepository(ProposalEntity).find({ order: { ordinal: 'DESC' } });
}

export function proposal(database: DataSource, id: string): Promise<ProposalRow | null> {
  return database.getRepository(ProposalEntity).findOneBy({ id });
}

export function votesOn(database: DataSource, proposalId: string): Promise<readonly VoteRow[]> {
  return database.getRepository(VoteEntity).find({ where: { proposalId }, order: { voter: 'ASC' } });
}

export function governedParameters(database: DataSource): Promise<readonly ParameterRow[]> {
  return database.getRepository(ParameterEntity).find({ order: { name: 'ASC' } });
}

/** Null while no vote or genesis log has named it. */
export async function governedParameter(database: DataSource, name: string): Promise<bigint | null> {
  const row = await database.getRepository(ParameterEntity).findOneBy({ name });
  return row === null ? null : BigInt(row.value);
}

/** `id` is the bytes32 of the contract. */
export function escrow(database: DataSource, id: string): Promise<EscrowRow | null> {
  return database.getRepository(EscrowEntity).findOneBy({ id: id.toLowerCase() });
}
