import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { JobEntity } from './entities';

const subscribes = [
  'JobSubmitted', 'AttemptLeased', 'AttemptCheckpointed', 'AttemptPreempted', 'AttemptFailed', 'JobCompleted', 'ResultRecorded', 'JobFailed', 'JobCancelled', 'JobRefunded',
] as const satisfies readonly ComputeEvent['type'][];

type Subscribed = Extract<ComputeEvent, { readonly type: (typeof subscribes)[number] }>;

export const jobsProjection: Projection = {
  name: 'jobs', version: 1, subscribes, entities: [JobEntity],
  apply: (event, rows) => apply(event, { type: event.type, data: event.data } as unknown as Subscribed, rows),
};

async function apply(recorded: RecordedEvent, event: Subscribed, rows: Rows): Promise<void> {
  const { jobId } = event.data;
  const endedAt = recorded.metadata.occurredAt;
  switch (event.type) {
    case 'JobSubmitted': {
      const { kind, submitter, subject, specHash, spec, reservedMicroUsd } = event.data;
      await rows.insert(JobEntity, {
        jobId, kind, submitter, specHash, spec: spec as object, status: 'queued', subjectKind: subject?.kind ?? null, subjectId: subject?.id ?? null,
        output: null, reserved: reservedMicroUsd, cost: null, attempts: 0, nodeId: null, resultHash: null, units: 0, failureReason: null,
        checkpointStep: null, checkpointHash: null, submittedAt: recorded.metadata.occurredAt, endedAt: null, position: recorded.position.toString(),
      });
      return;
    }
    case 'AttemptLeased':
      await rows.update(JobEntity, { jobId }, { status: 'running', attempts: event.data.attempt, nodeId: event.data.nodeId });
      return;
    case 'AttemptCheckpointed':
      await rows.update(JobEntity, { jobId }, { checkpointStep: event.data.step, checkpointHash: event.data.hash });
      return;
    case 'AttemptPreempted':
      await rows.update(JobEntity, { jobId }, { status: 'queued' });
      return;
    case 'AttemptFailed':
      await rows.update(JobEntity, { jobId }, { status: 'queued', failureReason: event.data.reason });
      return;
    case 'JobCompleted': {
      const { nodeId, resultHash, units, costMicroUsd } = event.data;
      await rows.update(JobEntity, { jobId }, { status: 'completed', nodeId, resultHash, units, cost: costMicroUsd, failureReason: null, endedAt });
      return;
    }
    case 'ResultRecorded':
      await rows.update(JobEntity, { jobId }, { output: event.data.output as object });
      return;
    case 'JobFailed':
      await rows.update(JobEntity, { jobId }, { status: 'failed', failureReason: event.data.reason, endedAt });
      return;
    case 'JobCancelled':
      await rows.update(JobEntity, { jobId }, { status: 'cancelled', endedAt });
      return;
    case 'JobRefunded':
      await rows.update(JobEntity, { jobId }, { status: 'refunded' });
      return;
  }
}
