import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { modelsProjection } from './projection';

projectionContract({
  projection: modelsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'ModelCreated', 'NodeEnrolled', 'DatasetVersionSealed', 'TrainingRunStarted',
    'JobSubmitted', 'AttemptLeased', 'AttemptCheckpointed', 'ResultRecorded', 'JobFailed',
    'TrainingRoundCompleted', 'TrainingRunCompleted', 'ModelVersionPublished',
    'ChainCallFinalised', 'DeploymentCreated', 'DeploymentInstalled', 'OfflineUsageReported',
    'PredictionRecorded', 'OfflineUsageReported', 'DeploymentRolledBack', 'TrainingRunFailed',
  ],
  leaves: [
    'model', 'training_run', 'training_round', 'job', 'training_checkpoint', 'model_version',
    'deployment', 'prediction', 'dataset_version', 'device',
  ],
});
