import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { nodesProjection } from './projection';

projectionContract({
  projection: nodesProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'NodeEnrolled', 'NodeBenchmarked', 'NodeActivated', 'NodeWentOffline', 'NodeCameOnline',
    'VerdictReached', 'NodeSuspended', 'SuspensionLifted', 'NodeReinstated', 'NodeDraining', 'NodeRetired',
  ],
  leaves: ['node'],
});
