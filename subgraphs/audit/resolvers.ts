import { failureGap, leakOf } from '@oort/algorithms-honesty';
import type { ReadModels } from '@oort/kernel-projection';
import { honestyCase, honestyCases, honestyOfAll, nodeHonesty, type CaseRow } from '@oort/projections-honesty';
import { officerDoor, type OfficerDoorPorts } from './officer-door';

export function auditResolvers(readModels: ReadModels, door: OfficerDoorPorts): Readonly<Record<string, unknown>> {
  const { database } = readModels;
  const officers = officerDoor(door);
  return {
    Mutation: officers.Mutation,
    Query: {
      ...officers.Query,
      nodeHonesty: (_: unknown, { nodeId }: { readonly nodeId: string }) => nodeHonesty(database, nodeId),
      honesty: async (_: unknown, { first, after }: { readonly first: number; readonly after: string | null }) =>
        connection(await honestyOfAll(database), first, after),
      auditLeak: async () => {
        const nodes = await honestyOfAll(database);
        return { gap: failureGap(nodes), suspected: leakOf(nodes) };
      },
      honestyCase: async (_: unknown, { id }: { readonly id: string }) => {
        const row = await honestyCase(database, id);
        return row === null ? null : present(row);
      },
      honestyCases: async (_: unknown, { nodeId = null }: { readonly nodeId?: string | null }) =>
        (await honestyCases(database, nodeId)).map(present),
    },
    NodeHonesty: { __resolveReference: ({ nodeId }: { readonly nodeId: string }) => nodeHonesty(database, nodeId) },
    HonestyCase: {
      __resolveReference: async ({ id }: { readonly id: string }) => {
        const row = await honestyCase(database, id);
        return row === null ? null : present(row);
      },
    },
  };
}

function present({ caseId, ...row }: CaseRow): object {
  return { id: caseId, ...row };
}

const maximumPage = 200;

function connection<Row extends { readonly nodeId: string }>(rows: readonly Row[], first: number, after: string | null): object {
  const start = after === null ? 0 : rows.findIndex(({ nodeId }) => nodeId === after) + 1;
  const page = rows.slice(start, start + Math.min(Math.max(first, 0), maximumPage));
  return {
    totalCount: rows.length,
    edges: page.map((node) => ({ cursor: node.nodeId, node })),
    pageInfo: {
      hasNextPage: start + page.length < rows.length, hasPreviousPage: start > 0,
      startCursor: page[0]?.nodeId ?? null, endCursor: page.at(-1)?.nodeId ?? null,
    },
  };
}
