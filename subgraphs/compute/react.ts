// What other domains' events make this one do: a contribution is pre-processed, a refuted result is refunded.
import { command, runReaction } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId } from '@oort/kernel-wire';
import type { SubgraphPorts } from '@oort/schema';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { DatahubEvent } from '@oort/schema/events/datahub';
import type { JobHandler, SubmitJob } from './submit';

type Submitted = Extract<DatahubEvent, { readonly type: 'ContributionSubmitted' }>['data'];
type Refuted = Extract<AuditEvent, { readonly type: 'ResultsRefuted' }>['data'];

export async function startReactions(ports: SubgraphPorts, handle: JobHandler, submitJob: SubmitJob, signal: AbortSignal): Promise<void> {
  const { store, readModels: { database }, now } = ports;

  async function contributed(event: RecordedEvent): Promise<void> {
    const { contributionId, contentId, mediaType } = event.data as unknown as Submitted;
    // The platform pays: a contributor is not billed for having their image looked at.
    await submitJob({
      jobId: deriveId('job', event.id), kind: 'preprocess', submitter: 'platform', spec: { contentId, mediaType },
      subject: { kind: 'contribution', id: contributionId }, cause: event,
    });
  }

  async function refuted(event: RecordedEvent): Promise<void> {
    const { caseId, jobIds } = event.data as unknown as Refuted;
    for (const jobId of jobIds) {
      const id = deriveId('command', `refund/${event.id}/${jobId}`);
      await handle(jobId, command('RefundJob', { jobId, caseId }, { actor: 'platform', now: now(), id, cause: event }));
    }
  }

  await runReaction({ name: 'compute.contributed', store, database, subscribes: ['ContributionSubmitted'], react: contributed, signal });
  await runReaction({ name: 'compute.refuted', store, database, subscribes: ['ResultsRefuted'], react: refuted, signal });
}
