import type { ProofDocument, ProvenEvent } from '@oort/algorithms-provenance';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import type { ReadModels } from '@oort/kernel-projection';
import { lineage, type Direction, type LineageStep } from './lineage';
import { provJson } from './prov-json';

/** Inclusion of stored events under one anchored root; null while the newest of them is not anchored yet. */
export interface LogProofs {
  prove(eventIds: readonly string[]): Promise<{ readonly anchor: ProofDocument['anchor']; readonly events: readonly ProvenEvent[] } | null>;
}

export interface ProvenancePorts { readonly readModels: ReadModels; readonly proofs: LogProofs }

interface LineageArguments { readonly id: string; readonly direction: Direction; readonly depth: number; readonly asOf?: string | null; readonly first: number; readonly after?: string | null }

const maximumDepth = 64;
const maximumPage = 1000;
const wholeLineage = 64;

export function provenanceResolvers({ readModels, proofs }: ProvenancePorts): Readonly<Record<string, unknown>> {
  const walk = (id: string, direction: Direction, depth: number, asOf: string | null): Promise<readonly LineageStep[]> =>
    lineage(readModels.database, id, direction, Math.min(depth, maximumDepth), asOf === null ? null : BigInt(asOf));
  return {
    Query: {
      lineage: async (_: unknown, { id, direction, depth, asOf = null, first, after = null }: LineageArguments) => {
        if (asOf !== null && !/^\d{1,19}$/.test(asOf)) return page([], first, after);
        return page(await walk(id, direction, depth, asOf), first, after);
      },
      provenanceExport: async (_: unknown, { id }: { readonly id: string }): Promise<Json> =>
        provJson(await walk(id, 'BACKWARD', wholeLineage, null)),
      lineageProof: async (_: unknown, { id }: { readonly id: string }) => {
        const steps = await walk(id, 'BACKWARD', wholeLineage, null);
        if (steps.length === 0) return refusal('UNKNOWN_SUBJECT', `Nothing is known about ${id}.`);
        const proven = await proofs.prove(steps.flatMap(({ eventIds }) => eventIds));
        if (proven === null) return refusal('NOT_ANCHORED_YET', 'Its newest event is not anchored yet; ask again in a few seconds.');
        const document: ProofDocument = { format: 'oort-lineage-proof/1', subject: id, ...proven };
        return { __typename: 'LineageProof', id, eventCount: proven.events.length, ...proven.anchor, document: canonicalJson(document as unknown as Json) };
      },
    },
    LineageProofResult: { __resolveType: (value: { readonly __typename: string }) => value.__typename },
  };
}

function refusal(code: string, message: string): object {
  return { __typename: 'Refusal', code, message, detail: null };
}

function page(steps: readonly LineageStep[], first: number, after: string | null): object {
  const start = after === null ? 0 : Number(after) + 1;
  const size = Math.min(Math.max(first, 0), maximumPage);
  const slice = steps.slice(start, start + size);
  return {
    totalCount: steps.length,
    edges: slice.map((step, index) => ({ cursor: String(start + index), depth: step.depth, role: step.role, from: step.from, node: { id: step.id, kind: step.kind, eventIds: step.eventIds } })),
    pageInfo: {
      hasNextPage: start + slice.length < steps.length, hasPreviousPage: start > 0,
      startCursor: slice.length > 0 ? String(start) : null, endCursor: slice.length > 0 ? String(start + slice.length - 1) : null,
    },
  };
}
