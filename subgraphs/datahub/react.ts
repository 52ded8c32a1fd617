// What happened elsewhere and concerns missions: money reached the escrow, an edge node did or failed its pre-processing.
import { command } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId } from '@oort/kernel-wire';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import { recordPreprocessing } from './contributing';
import type { DatahubRoom } from './room';

export const reactsTo = [
  'ChainLogObserved',
  'ResultRecorded',
  'JobFailed',
  'JobCancelled',
] as const;

type Foreign = Extract<LedgerEvent | ComputeEvent, { readonly type: (typeof reactsTo)[number] }>;

export async function react(recorded: RecordedEvent, room: DatahubRoom): Promise<void> {
  const event = { type: recorded.type, data: recorded.data } as unknown as Foreign;
  await room.bench.until(recorded.position);
  switch (event.type) {
    case 'ChainLogObserved':
      return recordFunding(recorded, event.data, room);
    case 'ResultRecorded':
      if (event.data.kind === 'preprocess' && event.data.subject?.kind === 'contribution')
        await recordPreprocessing(room, recorded, event.data);
      return;
    case 'JobFailed':
      return reject(
        recorded,
        event.data.jobId,
        `pre-processing failed: ${event.data.reason}`,
        room,
      );
    case 'JobCancelled':
      return reject(recorded, event.data.jobId, 'pre-processing was cancelled', room);
  }
}

async function recordFunding(
  recorded: RecordedEvent,
  {
    contract,
    event,
    args,
    txHash,
  }: Extract<Foreign, { readonly type: 'ChainLogObserved' }>['data'],
  room: DatahubRoom,
): Promise<void> {
  const { id, amount } = args;
  if (
    contract !== 'Escrow' ||
    event !== 'Funded' ||
    typeof id !== 'string' ||
    typeof amount !== 'string'
  )
    return;
  const missionId = room.bench.byChainId(id)?.mission.missionId;
  if (missionId === undefined) return;
  await room.mission(
    missionId,
    command('RecordFunding', { amountWei: BigInt(amount), txHash }, caused(recorded, room)),
  );
}

async function reject(
  recorded: RecordedEvent,
  jobId: string,
  reason: string,
  room: DatahubRoom,
): Promise<void> {
  const contributionId = room.bench.jobs.get(jobId);
  if (contributionId === undefined) return;
  await room.contribution(
    contributionId,
    command('RejectContribution', { reason }, caused(recorded, room)),
  );
}

function caused(
  recorded: RecordedEvent,
  room: DatahubRoom,
): {
  readonly actor: string;
  readonly now: Date;
  readonly id: string;
  readonly cause: RecordedEvent;
} {
  return {
    actor: 'platform',
    now: room.ports.now(),
    id: deriveId('command', `datahub/${recorded.id}`),
    cause: recorded,
  };
}
