// How a job is shown, and to whom what. A phantom must look like any other job to everybody but the platform: what was
// asked and answered, for whom and why, is for the submitter's eyes only (HONESTY: Roles, Worker).
import type { ReadModels } from '@oort/kernel-projection';
import { jobsPage, type JobRow, type JobsFilter } from '@oort/projections-jobs';
import type { Actor } from '@oort/schema';
import type { ComputeRefusal } from './refusals';

export interface JobsArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly filter?: { readonly kind?: JobsFilter['kind'] | null; readonly status?: JobsFilter['status'] | null; readonly nodeId?: string | null; readonly mine?: boolean | null } | null;
}

export function ownedBy({ submitter }: Pick<JobRow, 'submitter'>, actor: Actor): boolean {
  return actor.kind === 'platform' || (actor.kind === 'account' && actor.accountId === submitter);
}

export function presentJob(row: JobRow, actor: Actor): object {
  const { jobId, nodeId, submitter, spec, output, reserved, cost, kind, status, specHash, attempts, resultHash, units } = row;
  const { failureReason, checkpointStep, checkpointHash, submittedAt, endedAt } = row;
  const own = ownedBy(row, actor);
  return {
    __typename: 'Job', id: jobId, kind, status, specHash, attempts, resultHash, units, failureReason, checkpointStep, checkpointHash, endedAt,
    submittedAt: own ? submittedAt : toTheSecond(submittedAt),
    node: nodeId === null ? null : { __typename: 'Node', id: nodeId },
    submitter: own ? submitter : null, spec: own ? spec : null, output: own ? output : null, reserved: own ? reserved : null, cost: own ? cost : null,
  };
}

/** How long lay between a job's id and its submission is another time for audits, which are committed to in between. */
function toTheSecond(time: string): string {
  return new Date(Math.floor(Date.parse(time) / 1000) * 1000).toISOString();
}

export async function jobsConnection(readModels: ReadModels, { first, after, filter }: JobsArguments, actor: Actor): Promise<object> {
  const { kind, status, nodeId, mine } = filter ?? {};
  const wanted: JobsFilter = {
    ...(kind == null ? {} : { kind }), ...(status == null ? {} : { status }), ...(nodeId == null ? {} : { nodeId }),
    // Nobody's jobs are a stranger's own.
    ...(mine === true ? { submitter: actor.kind === 'account' ? actor.accountId : '' } : {}),
  };
  const from = after != null && /^\d+$/.test(after) ? after : null;
  const { rows, hasNextPage, totalCount } = await jobsPage(readModels, { first: Math.min(Math.max(first ?? 20, 0), 200), after: from, filter: wanted });
  return {
    totalCount,
    edges: rows.map((row) => ({ cursor: row.position, node: presentJob(row, actor) })),
    pageInfo: { hasNextPage, hasPreviousPage: from !== null, startCursor: rows[0]?.position ?? null, endCursor: rows.at(-1)?.position ?? null },
  };
}

export function refusedBy({ code, message, payload }: ComputeRefusal): object {
  return { __typename: 'Refusal', code, message, detail: payload };
}

export function refusal(code: string, message: string): object {
  return { __typename: 'Refusal', code, message, detail: null };
}

export function typeName(otherwise: string): (value: { readonly __typename?: string }) => string {
  return ({ __typename }) => __typename ?? otherwise;
}
