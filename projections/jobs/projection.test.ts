import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { jobsProjection } from './projection';

projectionContract({
  projection: jobsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'JobSubmitted', 'AttemptLeased', 'AttemptCheckpointed', 'AttemptFailed', 'AttemptLeased', 'AttemptPreempted', 'AttemptLeased',
    'JobCompleted', 'ResultRecorded', 'JobFailed', 'JobCancelled', 'JobRefunded',
  ],
  leaves: ['job'],
});
