// Audits of work that no phantom can be slipped into: what other domains already find out about a node, as verdicts on its record.
//   storage     leaves that a later block drew out of what the node said it keeps: one verdict a challenge (HONESTY: storage, exact);
//               a cache that signed two roots for one piece
//   liveness    silence is a failure when it begins; at random times whoever is there passes
//   annotation  gold items, once their mission is closed and all may know which they were: one verdict an answer
import { receiptStatement } from '@oort/algorithms-possession';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { verifySignature } from '@oort/kernel-identity';
import type { DatahubEvent } from '@oort/schema/events/datahub';
import type { NodesEvent } from '@oort/schema/events/nodes';
import type { StorageEvent } from '@oort/schema/events/storage';
import { createJudge } from './judging';
import type { RecordHandler } from './records';

type Audited = Extract<StorageEvent, { readonly type: 'PossessionAudited' }>['data'];
type Refuted = Extract<StorageEvent, { readonly type: 'EdgeAnswerRefuted' }>['data'];
type Silent = Extract<NodesEvent, { readonly type: 'NodeWentOffline' }>['data'];
type Closed = Extract<DatahubEvent, { readonly type: 'MissionClosed' }>['data'];
type Gold = Extract<DatahubEvent, { readonly type: 'GoldItemAdded' }>['data'];
type Labelled = Extract<DatahubEvent, { readonly type: 'LabelSubmitted' }>['data'];

export interface AuditedNode { readonly nodeId: string; readonly operator: string; readonly status: string; readonly online: boolean }

export interface OtherWorkPorts {
  readonly store: EventStore;
  readonly records: RecordHandler;
  now(): Date;
  nodeOf(nodeId: string): Promise<Pick<AuditedNode, 'operator'> & { readonly status?: string; /** Ed25519, hex. */ readonly publicKey?: string } | null>;
  nodes(): Promise<readonly AuditedNode[]>;
  readonly appealMs: number;
  /** In [0, 1). */
  random(): number;
}

export interface OtherWork {
  possessionAudited(event: RecordedEvent): Promise<void>;
  edgeRefuted(event: RecordedEvent): Promise<void>;
  wentOffline(event: RecordedEvent): Promise<void>;
  missionClosed(event: RecordedEvent): Promise<void>;
  /** Called every `probeEveryMs`: each node that is there is looked at about once a day. */
  probe(): Promise<void>;
}

export const probeEveryMs = 3_600_000;
const probesADay = 24;

export function auditOtherWork(ports: OtherWorkPorts): OtherWork {
  const { store, records, now, appealMs } = ports;
  const judge = createJudge({ records, now: () => now(), appealMs });

  return {
    async possessionAudited(event) {
      const { nodeId, draws, failed } = event.data as unknown as Audited;
      const node = await ports.nodeOf(nodeId);
      // Of nothing kept, nothing can be shown.
      if (node === null || draws === 0) return;
      const { operator } = node;
      await judge({ nodeId, operator, taskId: `possession/${event.id}`, work: 'storage', evidence: 'proof', outcome: failed.length === 0 ? 'pass' : 'fail', distance: failed.length / draws }, event);
    },
    async edgeRefuted(event) {
      const { nodeId, pieceId, taken, given } = event.data as unknown as Refuted;
      const node = await ports.nodeOf(nodeId);
      // Only two roots that it signed under one name show that it was the cache: a single word could be the door's.
      const { publicKey, operator } = node ?? {};
      if (publicKey === undefined || operator === undefined || taken === null || given === null || taken.root === given.root) return;
      const isSigned = [taken, given].every(({ signature, ...said }) => verifySignature(publicKey, receiptStatement({ nodeId, pieceId, ...said }), signature));
      if (isSigned) await judge({ nodeId, operator, taskId: `edge/${event.id}`, work: 'storage', evidence: 'proof', outcome: 'fail', distance: null }, event);
    },
    async wentOffline(event) {
      const { nodeId } = event.data as unknown as Silent;
      const node = await ports.nodeOf(nodeId);
      // Whoever said that it goes may go.
      if (node === null || node.status === 'draining' || node.status === 'retired') return;
      await judge({ nodeId, operator: node.operator, taskId: `silence/${event.id}`, work: 'liveness', evidence: 'proof', outcome: 'fail', distance: null }, event);
    },
    async missionClosed(event) {
      const { missionId } = event.data as unknown as Closed;
      for (const { taskId, accountId, right } of await goldAnswers(store, missionId, event)) {
        await judge({ nodeId: accountId, operator: '', taskId: `gold/${taskId}`, work: 'annotation', evidence: 'phantom', outcome: right ? 'pass' : 'fail', distance: null }, event);
      }
    },
    async probe() {
      const at = now().toISOString();
      for (const { nodeId, operator, status, online } of await ports.nodes()) {
        if (status !== 'active' || !online || ports.random() >= 1 / probesADay) continue;
        await judge({ nodeId, operator, taskId: `probe/${nodeId}/${at}`, work: 'liveness', evidence: 'proof', outcome: 'pass', distance: null });
      }
    },
  };
}

interface GoldAnswer { readonly taskId: string; readonly accountId: string; readonly right: boolean }

/** Given before the mission was closed. Cost: one pass over all labels of the log. */
async function goldAnswers(store: EventStore, missionId: string, closed: RecordedEvent): Promise<readonly GoldAnswer[]> {
  const gold = new Map<string, string>();
  const labels: Labelled[] = [];
  for await (const { type, data, position } of store.readAll('start', { filter: { types: ['GoldItemAdded', 'LabelSubmitted'] } })) {
    if (position > closed.position) break;
    const { missionId: of } = data as unknown as Gold | Labelled;
    if (of !== missionId) continue;
    if (type === 'LabelSubmitted') labels.push(data as unknown as Labelled);
    else gold.set((data as unknown as Gold).itemId, (data as unknown as Gold).answer);
  }
  return labels.flatMap(({ taskId, itemId, accountId, label }) => {
    const answer = gold.get(itemId);
    return answer === undefined ? [] : [{ taskId, accountId, right: answer === label }];
  });
}
