import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { honestyProjection } from './projection';

projectionContract({
  projection: honestyProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'JobSubmitted', 'ResultRecorded', 'VerdictReached', 'VerdictReached', 'SlashProposed',
    'SlashConfirmed', 'SlashSettled', 'ResultsRefuted',
  ],
  leaves: ['node', 'case', 'answer'],
});
