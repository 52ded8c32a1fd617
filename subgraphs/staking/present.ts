import type { RewardGrant } from '@oort/schema/events/staking';
import type { EpochRow } from '@oort/projections-rewards';
import type { PoolRow, ProposalRow } from '@oort/projections-stakes';

interface Page { readonly first: number; readonly after?: string | null }

const maximumPage = 200;

export function presentPool({ address, own, delegated, exiting, slashed, commissionBasisPoints }: PoolRow): object {
  return { __typename: 'StakingPool', address, ownWei: own, delegatedWei: delegated, exitingWei: exiting, slashedWei: slashed, commissionBasisPoints };
}

export function presentProposal(row: ProposalRow): object {
  const { id, proposer, parameter, value, reason, votingEndsAt, inFavour, against, status } = row;
  return { __typename: 'Proposal', id, proposer, parameter, value, reason, votingEndsAt, inFavourWei: inFavour, againstWei: against, status: status.toUpperCase() };
}

export function presentEpoch({ leaves: _leaves, grants, ...row }: EpochRow): object {
  return { __typename: 'RewardEpoch', ...row, grants: grants.map((grant: RewardGrant) => ({ ...grant, role: grant.role.toUpperCase() })) };
}

export function presentRefusal({ code, message, payload }: { readonly code: string; readonly message: string; readonly payload: unknown }): object {
  return { __typename: 'Refusal', code, message, detail: payload };
}

/** Cursors name the row, so that new ones in front move nothing. */
export function connection<T>(rows: readonly T[], cursorOf: (row: T) => string, present: (row: T) => object, { first, after }: Page): object {
  const start = after == null ? 0 : rows.findIndex((row) => cursorOf(row) === after) + 1;
  const page = rows.slice(start, start + Math.max(0, Math.min(first, maximumPage)));
  const edges = page.map((row) => ({ cursor: cursorOf(row), node: present(row) }));
  return {
    totalCount: rows.length, edges,
    pageInfo: { hasNextPage: start + page.length < rows.length, hasPreviousPage: start > 0, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
  };
}
