import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { provenanceProjection } from './projection';

projectionContract({
  projection: provenanceProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: provenanceProjection.subscribes, leaves: ['statement', 'link'],
});
