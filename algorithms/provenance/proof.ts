// A lineage proof: every public event that states the origins of one subject, each with its inclusion in the platform's
// Merkle log (RFC 6962), all under one root that a chain transaction anchored. The file is canonical JSON (RFC 8785)
// and nothing in it is decoration: changing any byte makes it refused.
import { eventLeaf, verifyInclusion } from '@oort/kernel-merkle';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import type { EventMetadata } from '@oort/kernel-eventstore';
import type { PlatformEvent } from '@oort/schema';
import { isStating, statementOf, type Statement } from './statement';

export interface ProvenEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: string;
  readonly type: string;
  readonly data: Json;
  readonly metadata: EventMetadata;
  readonly index: number;
  readonly path: readonly string[];
}

export interface ProofDocument {
  readonly format: 'oort-lineage-proof/1';
  readonly subject: string;
  readonly anchor: { readonly treeSize: number; readonly root: string; readonly txHash: string };
  readonly events: readonly ProvenEvent[];
}

export type ProofRefusal =
  | 'NOT_JSON' | 'NOT_CANONICAL' | 'WRONG_SHAPE' | 'NOT_IN_LOG' | 'STATES_NOTHING' | 'SUBJECT_UNPROVEN' | 'UNRELATED_EVENT' | 'BROKEN_LINEAGE' | 'DUPLICATE_EVENT';

export type ProofCheck =
  | { readonly ok: true; readonly document: ProofDocument; readonly statements: readonly Statement[] }
  | { readonly ok: false; readonly refused: ProofRefusal; readonly detail: string };

const hash32 = /^[0-9a-f]{64}$/;
const keysOf = (value: object): string => Object.keys(value).sort().join();

/** Checks everything that needs no chain. Whoever calls it must still check that the anchor's root is on the chain. */
export function checkProof(text: string): ProofCheck {
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch {
    return refuse('NOT_JSON', 'the file is not JSON');
  }
  if (canonicalJson(parsed) !== text) return refuse('NOT_CANONICAL', 'the file is not canonical JSON');
  if (!isDocument(parsed)) return refuse('WRONG_SHAPE', 'the file is not a lineage proof');
  const outside = parsed.events.find((event) => !included(event, parsed.anchor));
  if (outside !== undefined) return refuse('NOT_IN_LOG', `event ${outside.id} is not under the anchored root`);
  return checkLineage(parsed);
}

function included(event: ProvenEvent, anchor: ProofDocument['anchor']): boolean {
  const { index, path, revision, ...rest } = event;
  const leaf = eventLeaf({ ...rest, revision: BigInt(revision), position: 0n });
  return verifyInclusion({
    leaf, index, size: anchor.treeSize, proof: path.map((hash) => Buffer.from(hash, 'hex')), root: Buffer.from(anchor.root, 'hex'),
  });
}

/** Every event must be reachable from the subject, and every thing that it points to must be stated. */
function checkLineage(document: ProofDocument): ProofCheck {
  if (new Set(document.events.map(({ id }) => id)).size !== document.events.length) return refuse('DUPLICATE_EVENT', 'an event stands twice');
  const statements: Statement[] = [];
  for (const event of document.events) {
    const candidate = { type: event.type, data: event.data } as unknown as PlatformEvent;
    if (!isStating(candidate)) return refuse('STATES_NOTHING', `${event.type} states no origin`);
    statements.push(statementOf(candidate));
  }
  const bySubject = new Map<string, Statement[]>();
  for (const statement of statements) bySubject.set(statement.subject, [...(bySubject.get(statement.subject) ?? []), statement]);
  if (!bySubject.has(document.subject)) return refuse('SUBJECT_UNPROVEN', `nothing is stated about ${document.subject}`);

  const reached = new Set([document.subject]);
  const queue = [document.subject];
  for (let subject = queue.pop(); subject !== undefined; subject = queue.pop()) {
    const found = bySubject.get(subject);
    if (found === undefined) return refuse('BROKEN_LINEAGE', `nothing is stated about ${subject}`);
    for (const { to } of found.flatMap(({ links }) => links)) {
      if (!reached.has(to)) queue.push(to);
      reached.add(to);
    }
  }
  const stray = statements.find(({ subject }) => !reached.has(subject));
  if (stray !== undefined) return refuse('UNRELATED_EVENT', `${stray.subject} is not among the origins`);
  return { ok: true, document, statements };
}

function refuse(refused: ProofRefusal, detail: string): ProofCheck {
  return { ok: false, refused, detail };
}

function isDocument(value: Json): value is Json & ProofDocument {
  if (!isRecord(value) || keysOf(value) !== 'anchor,events,format,subject') return false;
  const { anchor, events, format, subject } = value;
  return format === 'oort-lineage-proof/1' && typeof subject === 'string' && isAnchor(anchor) && Array.isArray(events) && events.every(isEvent);
}

function isAnchor(value: Json | undefined): boolean {
  return isRecord(value) && keysOf(value) === 'root,treeSize,txHash' && hash32.test(String(value['root']))
    && Number.isSafeInteger(value['treeSize']) && /^0x[0-9a-f]{64}$/.test(String(value['txHash']));
}

function isEvent(value: Json): boolean {
  if (!isRecord(value) || keysOf(value) !== 'data,id,index,metadata,path,revision,stream,type') return false;
  const { id, index, path, revision, stream, type } = value;
  return typeof id === 'string' && typeof stream === 'string' && typeof type === 'string' && /^(0|[1-9][0-9]{0,18})$/.test(String(revision))
    && typeof revision === 'string' && isRecord(value['metadata']) && Number.isSafeInteger(index) && Array.isArray(path) && path.every((hash) => typeof hash === 'string' && hash32.test(hash));
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
