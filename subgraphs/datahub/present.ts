// Rows and refusals as the graph shows them.
import type { Json } from '@oort/kernel-wire';
import type { ContributionRow, MissionRow, VersionRow } from '@oort/projections-datasets';
import type { RefusalOf } from '@oort/kernel-decider';
import { budgetWei } from './state';

export function presentRefusal({ code, message, payload }: RefusalOf): object {
  return { __typename: 'Refusal', code, message, detail: payload as Json };
}

export function presentMission(row: MissionRow): object {
  const budget = budgetWei(row);
  const status = row.closed ? 'CLOSED' : BigInt(row.fundedWei) >= budget ? 'OPEN' : 'ANNOUNCED';
  return {
    __typename: 'Mission',
    ...row,
    modality: row.modality.toUpperCase(),
    status,
    budgetWei: budget.toString(),
  };
}

export const presentContribution = (row: ContributionRow): object => ({
  __typename: 'Contribution',
  ...row,
});
export const presentVersion = (row: VersionRow): object => ({
  __typename: 'DatasetVersion',
  ...row,
});

export interface Page {
  readonly first: number;
  readonly after?: string | null;
}

const pageLimit = 1000;

/** Cursors are offsets. */
export function sliceOf({ first, after }: Page): { readonly skip: number; readonly take: number } {
  const skip = after != null && /^\d{1,9}$/.test(after) ? Number(after) + 1 : 0;
  return { skip, take: Math.min(Math.max(first, 0), pageLimit) };
}

export function connection(
  nodes: readonly object[],
  totalCount: number,
  { skip }: { readonly skip: number },
): object {
  const cursors = nodes.map((_, index) => String(skip + index));
  return {
    totalCount,
    edges: nodes.map((node, index) => ({ cursor: cursors[index], node })),
    pageInfo: {
      hasNextPage: skip + nodes.length < totalCount,
      hasPreviousPage: skip > 0,
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
  };
}
