import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { honestyProjection } from './projection';

projectionContract({
  projection: honestyProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'JobSubmitted', 'ResultRecorded', 'VerdictReached', 'VerdictReached', 'FraudProved', 'SlashProposed',
    'CaseAppealed', 'JuryDrawn', 'JurorVoted', 'JuryDecided', 'SlashConfirmed', 'SlashSettled', 'ResultsRefuted',
  ],
  leaves: ['node', 'case', 'fraud', 'answer'],
});
