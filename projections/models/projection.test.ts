import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { modelsProjection } from './projection';

projectionContract({
  projection: modelsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'ModelCreated', 'ModelCommented', 'DesignProposed', 'DesignReviewed', 'DesignAdopted', 'DesignDeclined', 'PersonForgotten', 'NodeEnrolled', 'DatasetVersionSealed', 'TrainingRunStarted',
    'JobSubmitted', 'AttemptLeased', 'AttemptCheckpointed', 'ResultRecorded', 'JobFailed',
    'TrainingRoundCompleted', 'TrainingRunCompleted', 'ModelVersionPublished',
    'ChainCallFinalised', 'DeploymentCreated', 'DeploymentRingOpened', 'DeploymentInstalled', 'OfflineUsageReported',
    'PredictionRecorded', 'OfflineUsageReported', 'DeploymentRolledBack', 'TrainingRunFailed',
  ],
  leaves: [
    'model', 'comment', 'design_proposal', 'design_review', 'training_run', 'training_round', 'job', 'training_checkpoint', 'model_version',
    'deployment', 'prediction', 'dataset_version', 'device',
  ],
});
