import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { datasetsProjection } from './projection';

projectionContract({
  projection: datasetsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'MissionOpened', 'MissionFunded', 'MissionFunded', 'ConsentGiven', 'ContributionSubmitted',
    'ContributionRejected', 'ContributionSubmitted', 'ContributionPreprocessed',
    'ContributionAccepted', 'AnnotatorFlagged', 'EarningsAccrued', 'DatasetVersionSealed',
    'ChainCallFinalised', 'ContributionWithdrawn', 'MissionClosed',
  ],
  leaves: ['mission', 'contribution', 'version', 'annotator', 'earning'],
});
