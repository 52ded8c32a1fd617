import { memoryStore, WrongExpectedRevision, type Appended, type EventStore } from '@oort/kernel-eventstore';
import { createJudge, type Judge } from './judging';
import { createRecords } from './records';

test('whoever judges a node at the same time queues up, and nobody overtakes', async () => {
  const events = memoryStore();
  let collisions = 0;
  const append = async (...given: Parameters<EventStore['append']>): Promise<Appended> => {
    try {
      return await events.append(...given);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) collisions += 1;
      throw error;
    }
  };
  const store = withAppend(events, append);
  const now = (): Date => new Date('2026-01-01T00:00:00Z');
  const records = createRecords({ store, now });
  const newJudge = (): Judge => createJudge({ records, now, appealMs: 1000 });
  await Promise.all(Array.from({ length: 120 }, (_, task) => newJudge()(
    { nodeId: 'node_1', operator: '0x01', taskId: `job_${task}`, work: 'inference', evidence: 'phantom', outcome: 'pass', distance: 0 })));
  const written: string[] = [];
  for await (const { type } of events.read('audit_record-node_1')) written.push(type);
  expect([collisions, written.length]).toEqual([0, 120]);
});

function withAppend(events: EventStore, append: EventStore['append']): EventStore {
  return new Proxy(events, { get: (target, name): unknown => {
    if (name === 'append') return append;
    const found: unknown = Reflect.get(target, name);
    return typeof found === 'function' ? (found.bind(target) as unknown) : found;
  } });
}
