import type { RecordCommand } from './commands';
import { batchDecider, recordDecider } from './decide';
import { batchRoot } from './commitment';
import type { RecordEvent } from './evolve';
import type { RecordState } from './state';

const at = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T00:00:11.000Z';
const commitment = { taskId: 'job_1', salt: 'ab', expectedHash: null, isPhantom: false };
const batch = { batchId: 'batch_1', ...commitment, expected: null };

function given(events: readonly RecordEvent[]): RecordState {
  return events.reduce((state, event) => recordDecider.evolve(state, event), recordDecider.initial);
}

function judge(task: number, outcome: 'pass' | 'fail'): RecordCommand {
  return { id: `c${task}`, type: 'JudgeTask', actor: 'platform', issuedAt: at, data: {
    caseId: `case_${task}`, nodeId: 'node_1', operator: '0x01', taskId: `job_${task}`, work: 'inference', evidence: 'phantom', outcome, distance: 1, evidenceHash: 'ee', appealUntil: '2026-01-01T00:00:10.000Z',
  } };
}

function run(commands: readonly RecordCommand[]): readonly RecordEvent[] {
  const events: RecordEvent[] = [];
  for (const command of commands) {
    const decision = recordDecider.decide(command, given(events));
    if ('events' in decision) events.push(...decision.events);
  }
  return events;
}

const confirm = (issuedAt: string): RecordCommand => ({ id: 'x', type: 'ConfirmSlash', actor: 'platform', issuedAt, data: { nodeId: 'node_1', caseId: 'case_5' } });

describe('a batch of commitments', () => {
  const gather = batchDecider.evolve(batchDecider.initial, { type: 'TaskCommitted', data: batch });

  it('commits its root once and opens once', () => {
    const close = { id: 'c', type: 'CloseBatch', actor: 'platform', issuedAt: at, data: { batchId: 'batch_1', officer: 'platform' } } as const;
    expect(batchDecider.decide(close, batchDecider.initial)).toMatchObject({ refused: { code: 'EMPTY_BATCH' } });
    const closed = batchDecider.decide(close, gather);
    expect(closed).toEqual({ events: [{ type: 'BatchCommitted', data: { batchId: 'batch_1', officer: 'platform', root: batchRoot([commitment]), count: 1 } }] });
    const committed = batchDecider.evolve(gather, { type: 'BatchCommitted', data: { batchId: 'batch_1', officer: 'platform', root: 'aa', count: 1 } });
    const task = { id: 'd', type: 'CommitTask', actor: 'platform', issuedAt: at, data: batch } as const;
    expect(batchDecider.decide(task, committed)).toMatchObject({ refused: { code: 'BATCH_CLOSED' } });
    expect(batchDecider.decide(task, gather)).toMatchObject({ refused: { code: 'TASK_COMMITTED_ALREADY' } });
    const open = { id: 'e', type: 'OpenBatch', actor: 'platform', issuedAt: at, data: { batchId: 'batch_1' } } as const;
    expect(batchDecider.decide(open, gather)).toMatchObject({ refused: { code: 'BATCH_NOT_CLOSED' } });
    expect(batchDecider.decide(open, committed)).toEqual({ events: [{ type: 'BatchOpened', data: { batchId: 'batch_1', openings: [commitment] } }] });
  });
});

describe('a record', () => {
  it('of four failures proposes nothing, the fifth proposes one slash, and a sixth no second', () => {
    const types = run([1, 2, 3, 4, 5, 6].map((task) => judge(task, 'fail'))).map(({ type }) => type);
    expect(types.filter((type) => type === 'SlashProposed')).toHaveLength(1);
    expect(types.indexOf('SlashProposed')).toBe(5);
  });

  it('judges a task once', () => {
    expect(recordDecider.decide(judge(1, 'fail'), given(run([judge(1, 'fail')])))).toMatchObject({ refused: { code: 'TASK_JUDGED_ALREADY' } });
  });

  it('confirms a slash only after the appeal period, and once', () => {
    const events = run([1, 2, 3, 4, 5].map((task) => judge(task, 'fail')));
    expect(recordDecider.decide(confirm(at), given(events))).toMatchObject({ refused: { code: 'APPEAL_PERIOD_RUNS' } });
    const decision = recordDecider.decide(confirm(later), given(events));
    expect(decision).toMatchObject({ events: [{ type: 'SlashConfirmed', data: { caseId: 'case_5', operator: '0x01', basisPoints: 1000 } }] });
    const confirmed = [...events, ...('events' in decision ? decision.events : [])];
    expect(recordDecider.decide(confirm(later), given(confirmed))).toMatchObject({ refused: { code: 'CASE_CONFIRMED_ALREADY' } });
    expect(recordDecider.decide(confirm(later), recordDecider.initial)).toMatchObject({ refused: { code: 'UNKNOWN_CASE' } });
  });

  it('settles and refutes once, and settles only what is confirmed', () => {
    const events = run([1, 2, 3, 4, 5].map((task) => judge(task, 'fail')));
    const settle = { id: 's', type: 'SettleSlash', actor: 'platform', issuedAt: later, data: { nodeId: 'node_1', caseId: 'case_5', txHash: '0x', amountWei: '1' } } as const;
    expect(recordDecider.decide(settle, given(events))).toMatchObject({ refused: { code: 'CASE_NOT_CONFIRMED' } });
    const settled = run([...[1, 2, 3, 4, 5].map((task) => judge(task, 'fail')), confirm(later), settle]);
    expect(recordDecider.decide(settle, given(settled))).toMatchObject({ refused: { code: 'CASE_SETTLED_ALREADY' } });
    const refute = { id: 'r', type: 'RefuteResults', actor: 'platform', issuedAt: later, data: { nodeId: 'node_1', caseId: 'case_5', jobIds: ['job_9'] } } as const;
    const refuted = [...settled, { type: 'ResultsRefuted', data: refute.data } as const];
    expect(recordDecider.decide(refute, given(settled))).toEqual({ events: [{ type: 'ResultsRefuted', data: refute.data }] });
    expect(recordDecider.decide(refute, given(refuted))).toMatchObject({ refused: { code: 'RESULTS_REFUTED_ALREADY' } });
  });

  const convict = (caseId: string): RecordCommand => ({ id: caseId, type: 'ConvictNode', actor: 'platform', issuedAt: at, data: {
    caseId, nodeId: 'node_1', operator: '0x01', work: 'inference', evidenceHash: 'ee', appealUntil: later } });

  it('of proved fraud proposes a slash at once, also while a case over a tenth is open, and once for one deed', () => {
    const events = run([...[1, 2, 3, 4, 5].map((task) => judge(task, 'fail')), convict('case_a'), convict('case_a')]);
    expect(events.slice(5)).toMatchObject([{ type: 'SlashProposed', data: { basisPoints: 1000 } }, { type: 'SlashProposed', data: { basisPoints: 10_000 } }]);
    // The platform's clock confirms nothing that a jury decides.
    const early = { ...confirm(later), data: { nodeId: 'node_1', caseId: 'case_a' } } as RecordCommand;
    expect(recordDecider.decide(early, given(events))).toMatchObject({ refused: { code: 'JURY_DECIDES' } });
  });

  const of = { nodeId: 'node_1', caseId: 'case_5' };
  const ask = (type: 'AppealCase' | 'SeatJury' | 'CountVote' | 'EndCase', data: object): RecordCommand => ({ id: type, type, actor: 'chain', issuedAt: later, data: { ...of, ...data } } as RecordCommand);
  const accused = [1, 2, 3, 4, 5].map((task) => judge(task, 'fail'));
  const appealed = [...accused, ask('AppealCase', { round: 0, by: '0x01', bondWei: '1' }), ask('SeatJury', { round: 0, seed: '0x5e', jurors: ['0x0a'], commitUntil: at, revealUntil: at })];

  it.each([
    [2, 1, true, ['JuryDecided', 'SlashConfirmed'], 1000],
    [0, 0, true, ['JuryDecided', 'SlashConfirmed'], 1000],
    [1, 2, false, ['JuryDecided', 'NodeCleared'], 0],
  ])('ends by its jury: %i to slash, %i to dismiss', (toSlash, toDismiss, upheld, types, basisPoints) => {
    expect(recordDecider.decide(confirm(later), given(run(appealed)))).toMatchObject({ refused: { code: 'JURY_DECIDES' } });
    const end = ask('EndCase', { toSlash, toDismiss, votesHash: '0x70', upheld });
    const ended = run([...appealed, end]);
    expect(ended.slice(-types.length).map(({ type }) => type)).toEqual(types);
    expect(ended.find(({ type }) => type === 'JuryDecided')?.data).toMatchObject({ basisPoints });
    if (!upheld) expect(recordDecider.decide(end, given(ended))).toMatchObject({ refused: { code: 'CASE_DISMISSED' } });
  });

  const endOf = (caseId: string, toSlash: number, toDismiss: number): RecordCommand =>
    ask('EndCase', { caseId, toSlash, toDismiss, votesHash: '0x70', upheld: toSlash > toDismiss, appealUntil: later });

  it.each([
    ['everything', 3, 0, ['SlashProposed', 'ConvictionHeld', 'ConvictionHeld', 'JuryDecided', 'SlashConfirmed']],
    ['a tenth', 4, 3, ['SlashProposed', 'ConvictionHeld', 'ConvictionHeld', 'JuryDecided', 'SlashConfirmed', 'SlashProposed']],
    ['nothing', 1, 2, ['SlashProposed', 'ConvictionHeld', 'ConvictionHeld', 'JuryDecided', 'NodeCleared', 'SlashProposed']],
  ])('of several deeds one case stands, and the next comes up when it took %s', (_took, toSlash, toDismiss, types) => {
    const events = run([convict('case_a'), convict('case_b'), convict('case_c'), convict('case_b'), endOf('case_a', toSlash, toDismiss)]);
    expect(events.map(({ type }) => type)).toEqual(types);
    if (types.at(-1) === 'SlashProposed') expect(events.at(-1)?.data).toMatchObject({ caseId: 'case_b', basisPoints: 10_000, appealUntil: later });
  });

  it('holds nothing any more when everything was taken, and judges a new deed afresh', () => {
    const settle = { id: 's', type: 'SettleSlash', actor: 'chain', issuedAt: later, data: { nodeId: 'node_1', caseId: 'case_a', txHash: '0x', amountWei: '1' } } as const;
    const events = run([convict('case_a'), convict('case_b'), endOf('case_a', 3, 0), settle, convict('case_c'), endOf('case_c', 0, 3)]);
    expect(events.flatMap(({ type, data }) => (type === 'SlashProposed' ? [data.caseId] : []))).toEqual(['case_a', 'case_c']);
    // Of the second case only: nodes knows that the first one keeps the node suspended.
    expect(events.flatMap(({ type, data }) => (type === 'NodeCleared' ? [data] : []))).toEqual([{ caseId: 'case_c', nodeId: 'node_1' }]);
  });

  it('slashes the whole stake by two thirds, and as much as needs no jury by a smaller majority', () => {
    const convict: RecordCommand = { id: 'f', type: 'ConvictNode', actor: 'platform', issuedAt: at, data: {
      ...of, operator: '0x01', work: 'inference', evidenceHash: 'ee', appealUntil: later } };
    const verdict = (toSlash: number): unknown => run([convict, ask('EndCase', { toSlash, toDismiss: 3, votesHash: '0x70', upheld: true })]).at(-1)?.data;
    expect([verdict(6), verdict(4)]).toMatchObject([{ basisPoints: 10_000 }, { basisPoints: 1000 }]);
  });
});
