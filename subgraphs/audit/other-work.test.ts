import { receiptStatement } from '@oort/algorithms-possession';
import { memoryStore, type EventStore, type RecordedEvent } from '@oort/kernel-eventstore';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { uuidV5, type Json } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import { auditOtherWork, type OtherWork, type OtherWorkPorts } from './other-work';
import { createRecords } from './records';

type Verdict = Extract<AuditEvent, { readonly type: 'VerdictReached' }>['data'];

let store: EventStore;
let audits: OtherWork;
let status: string;
let written = 0;
const edgeKey = newDeviceKey();

function ports(change: Partial<OtherWorkPorts> = {}): OtherWorkPorts {
  return {
    store, records: createRecords({ store, now: () => new Date('2026-01-01T00:00:00Z') }), now: () => new Date('2026-01-01T00:00:00Z'), appealMs: 1000, random: () => 0,
    nodeOf: (nodeId) => Promise.resolve(nodeId === 'node_unknown' ? null : { operator: '0x01', status, publicKey: edgeKey.publicKey }),
    nodes: () => Promise.resolve(['node_a', 'node_b'].map((nodeId) => ({ nodeId, operator: '0x01', status: 'active', online: nodeId === 'node_a' }))),
    ...change,
  };
}

beforeEach(() => {
  store = memoryStore();
  status = 'active';
  audits = auditOtherWork(ports());
});

async function happened(type: string, data: Json): Promise<RecordedEvent> {
  const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const { position } = await store.append('other-1', 'any', [{ id: uuidV5(`${String(written += 1)}`), type, data: data, metadata }]);
  for await (const event of store.readAll({ after: position - 1n }, { limit: 1 })) return event;
  throw new TypeError('nothing was appended');
}

async function eventsOf(): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const { type, data } of store.readAll('start')) events.push({ type, data } as unknown as AuditEvent);
  return events;
}

async function verdicts(): Promise<readonly Verdict[]> {
  return (await eventsOf()).flatMap((event) => (event.type === 'VerdictReached' ? [event.data] : []));
}

const possession = (failed: number): Json => ({
  nodeId: 'node_a', root: 'r', beacon: 'b', blockNumber: 1, draws: 33, proven: 33 - failed, failed: Array.from({ length: failed }, (_, index) => ({ index, pieceId: 'piece_1', reason: 'missing' })),
});

describe('what a node keeps', () => {
  it('passes when every drawn leaf is shown, and fails by the share that is not; told twice, it counts once', async () => {
    const shown = await happened('PossessionAudited', possession(0));
    await audits.possessionAudited(shown);
    await audits.possessionAudited(shown);
    await audits.possessionAudited(await happened('PossessionAudited', possession(11)));
    expect(await verdicts()).toMatchObject([
      { nodeId: 'node_a', work: 'storage', evidence: 'proof', outcome: 'pass', distance: 0 }, { work: 'storage', outcome: 'fail', distance: 1 / 3 },
    ]);
  });

  it('is slashed for when it fails again and again', async () => {
    for (let time = 0; time < 5; time += 1) await audits.possessionAudited(await happened('PossessionAudited', possession(1)));
    expect((await eventsOf()).filter(({ type }) => type === 'SlashProposed')).toMatchObject([{ data: { nodeId: 'node_a', operator: '0x01' } }]);
  });
});

describe('an edge cache', () => {
  const pieceId = 'piece_edge1x0';
  const said = (root: string, key = edgeKey): Json => {
    const receipt = { root, leaves: 1, sizeBytes: 9 };
    return { ...receipt, signature: signWith(key, receiptStatement({ nodeId: 'node_a', pieceId, ...receipt })) };
  };

  it('fails by two roots that it signed for one piece, and by nothing less', async () => {
    const refuted = (taken: Json, given: Json): Promise<RecordedEvent> => happened('EdgeAnswerRefuted', { nodeId: 'node_a', segmentId: 's', pieceId, taken, given });
    const other = newDeviceKey();
    for (const [taken, given] of [[null, said('bb')], [said('aa'), null], [said('aa'), said('aa')], [said('aa'), said('bb', other)]] as const) await audits.edgeRefuted(await refuted(taken, given));
    expect(await verdicts()).toEqual([]);
    await audits.edgeRefuted(await refuted(said('aa'), said('bb')));
    expect(await verdicts()).toMatchObject([{ nodeId: 'node_a', work: 'storage', evidence: 'proof', outcome: 'fail' }]);
  });
});

describe('presence', () => {
  it('fails when a node falls silent that did not say it would go, costs no stake, and lowers its trust in being there alone', async () => {
    await audits.possessionAudited(await happened('PossessionAudited', possession(0)));
    const silent = { nodeId: 'node_a', lastSeenAt: '2026-01-01T00:00:00.000Z' };
    for (let time = 0; time < 9; time += 1) await audits.wentOffline(await happened('NodeWentOffline', silent));
    status = 'draining';
    await audits.wentOffline(await happened('NodeWentOffline', silent));
    await audits.wentOffline(await happened('NodeWentOffline', { ...silent, nodeId: 'node_unknown' }));
    const [stored, ...away] = await verdicts();
    expect(away).toHaveLength(9);
    expect(away.at(-1)).toMatchObject({ work: 'liveness', outcome: 'fail', trust: stored?.trust });
    expect(away.at(-1)?.workTrust).toBeLessThan(0.1);
    expect((await eventsOf()).some(({ type }) => type === 'SlashProposed')).toBe(false);
  });

  it('passes at random times for who is there', async () => {
    await audits.probe();
    expect(await verdicts()).toMatchObject([{ nodeId: 'node_a', work: 'liveness', outcome: 'pass' }]);
    await auditOtherWork(ports({ random: () => 0.5 })).probe();
    expect(await verdicts()).toHaveLength(1);
  });
});

describe('gold items', () => {
  it('judge their labellers once the mission is closed, each answer once, and nobody else\'s', async () => {
    const label = (missionId: string, itemId: string, accountId: string, given: string): Promise<RecordedEvent> =>
      happened('LabelSubmitted', { missionId, taskId: `${itemId}/${accountId}`, itemId, accountId, label: given });
    await happened('GoldItemAdded', { missionId: 'm1', itemId: 'i1', contentId: 'c', answer: 'cat' });
    await happened('GoldItemAdded', { missionId: 'm2', itemId: 'j1', contentId: 'c', answer: 'cat' });
    await label('m1', 'i1', 'account_ann', 'cat');
    await label('m1', 'i1', 'account_bob', 'dog');
    await label('m1', 'i2', 'account_bob', 'dog');
    await label('m2', 'j1', 'account_ann', 'dog');
    const closed = await happened('MissionClosed', { missionId: 'm1' });
    expect(await verdicts()).toEqual([]);
    await audits.missionClosed(closed);
    await audits.missionClosed(closed);
    expect(await verdicts()).toMatchObject([
      { nodeId: 'account_ann', work: 'annotation', evidence: 'phantom', outcome: 'pass' }, { nodeId: 'account_bob', work: 'annotation', outcome: 'fail' },
    ]);
  });
});
