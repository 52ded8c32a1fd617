import { Interface, id as keccakOfText } from 'ethers';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { contractAbis } from '@oort/schema';
import { callsFor } from './react';

const root = 'ab'.repeat(32);
const author = `0x${'0a'.repeat(20)}`;
const context = { anchoredSize: 7, rewardsAddress: `0x${'0b'.repeat(20)}`, leafBondWei: 5n };
const event = (type: string, data: object): RecordedEvent => ({ id: `event of ${type}`, type, data } as unknown as RecordedEvent);

const events = [
  event('DatasetVersionSealed', { versionId: 'v', root, author }),
  event('ModelVersionPublished', { versionId: 'v', modelRoot: root, publisher: author }),
  event('TrainingRunCompleted', { runId: 'r', datasetRoots: [root, `0x${root}`], startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:09.999Z', modelRoot: root, manifestHash: root }),
  event('BatchCommitted', { batchId: 'b', root, count: 2 }),
  event('BatchOpened', { batchId: 'b', openings: [] }),
  event('SlashProposed', { caseId: 'c', operator: author, basisPoints: 1000, evidenceHash: root }),
  event('RewardEpochClosed', { epoch: 3, root, cumulativeWei: '10', treasuryWei: '4', releases: [{ missionId: 'm', amountWei: '6' }] }),
  event('PossessionAudited', { nodeId: 'n', failed: [{ index: 2, pieceId: null, reason: 'missing' }], dispute: { pool: author, node: author, root: `0x${root}`, leaves: 9, madeAt: 1_800_000_000, signature: `0x${'00'.repeat(65)}`, index: 2 } }),
];

it.each(events.map((each) => [each.type, each] as const))('%s asks for the same encodable calls each time', (_, each) => {
  const calls = callsFor(each, context);
  expect(calls).toEqual(callsFor(each, context));
  expect(new Set(calls.map(({ callId }) => callId)).size).toBe(calls.length);
  for (const { contract, method, args } of calls) new Interface(contractAbis[contract]).encodeFunctionData(method, [...args]);
});

it('escrows are released before the root that they fund is published', () => {
  const [release, publish] = callsFor(events[6] as RecordedEvent, context);
  expect([release?.method, release?.args.slice(1), publish?.method, publish?.valueWei]).toEqual(['release', [keccakOfText('m'), context.rewardsAddress, '6'], 'publish', 4n]);
  expect(publish?.subject).toEqual({ kind: 'reward-epoch', id: '3' });
});

it('a failed challenge becomes a dispute with its bond where the node signed for the chain, and where the network has such a court', () => {
  const [audited] = events.slice(-1) as [RecordedEvent];
  expect(callsFor(audited, context).map(({ contract, method, valueWei }) => [contract, method, valueWei])).toEqual([['LeafCourt', 'dispute', 5n]]);
  expect(callsFor(audited, { ...context, leafBondWei: null })).toEqual([]);
  expect(callsFor(event('PossessionAudited', { nodeId: 'n', failed: [] }), context)).toEqual([]);
});

it('an accusation that an officer\'s phantom brought names it as the finder, where the network has officers', () => {
  const found = event('SlashProposed', { caseId: 'c', operator: author, basisPoints: 1000, evidenceHash: root, finder: `0x${'0c'.repeat(20)}` });
  const [call] = callsFor(found, { ...context, hasOfficers: true });
  expect([call?.method, call?.args]).toEqual(['proposeSlashFoundBy', [`0x${'0c'.repeat(20)}`, keccakOfText('c'), author, 1000, `0x${root}`]]);
  new Interface(contractAbis.HonestyCourt).encodeFunctionData('proposeSlashFoundBy', [...call?.args ?? []]);
  expect(callsFor(found, context).map(({ method }) => method)).toEqual(['proposeSlash']);
});
