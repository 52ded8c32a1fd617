import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { accountsProjection } from './projection';

projectionContract({
  projection: accountsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'ProfileUpdated', 'PersonForgotten',
  ],
  leaves: ['person'],
});
