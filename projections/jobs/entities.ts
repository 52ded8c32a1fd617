import { EntitySchema } from 'typeorm';
import type { JobKind } from '@oort/schema/events/compute';

export const jobsSchema = 'jobs';

export type JobStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'refunded';

export interface JobRow {
  jobId: string;
  kind: JobKind;
  status: JobStatus;
  submitter: string;
  subjectKind: string | null;
  subjectId: string | null;
  specHash: string;
  spec: object;
  output: object | null;
  /** Micro-dollars, decimal. */
  reserved: string;
  cost: string | null;
  attempts: number;
  nodeId: string | null;
  resultHash: string | null;
  units: number;
  failureReason: string | null;
  checkpointStep: number | null;
  checkpointHash: string | null;
  submittedAt: string;
  endedAt: string | null;
  /** Of its JobSubmitted; newest first is a page's order. */
  position: string;
}

export const JobEntity = new EntitySchema<JobRow>({
  name: 'Job', tableName: 'job', schema: jobsSchema,
  columns: {
    jobId: { type: 'text', primary: true },
    kind: { type: 'text' },
    status: { type: 'text' },
    submitter: { type: 'text' },
    subjectKind: { type: 'text', nullable: true },
    subjectId: { type: 'text', nullable: true },
    specHash: { type: 'text' },
    spec: { type: 'jsonb' },
    output: { type: 'jsonb', nullable: true },
    reserved: { type: 'text' },
    cost: { type: 'text', nullable: true },
    attempts: { type: 'int' },
    nodeId: { type: 'text', nullable: true },
    resultHash: { type: 'text', nullable: true },
    units: { type: 'int' },
    failureReason: { type: 'text', nullable: true },
    checkpointStep: { type: 'int', nullable: true },
    checkpointHash: { type: 'text', nullable: true },
    submittedAt: { type: 'text' },
    endedAt: { type: 'text', nullable: true },
    position: { type: 'bigint' },
  },
  indices: [
    { name: 'job_position', columns: ['position'] }, { name: 'job_status', columns: ['status'] },
    { name: 'job_submitter', columns: ['submitter', 'position'] }, { name: 'job_subject', columns: ['subjectId'] },
  ],
});
