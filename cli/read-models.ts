// Every read model of the platform.
import { accountsProjection } from '@oort/projections-accounts';
import { billingProjection } from '@oort/projections-billing';
import { contentsProjection } from '@oort/projections-contents';
import { datasetsProjection } from '@oort/projections-datasets';
import { honestyProjection } from '@oort/projections-honesty';
import { jobsProjection } from '@oort/projections-jobs';
import { modelsProjection } from '@oort/projections-models';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { provenanceProjection } from '@oort/projections-provenance';
import { rewardsProjection } from '@oort/projections-rewards';
import { stakesProjection } from '@oort/projections-stakes';

export const projections = [
  accountsProjection, billingProjection, contentsProjection, datasetsProjection, honestyProjection, jobsProjection, modelsProjection, nodesProjection, objectsProjection,
  provenanceProjection, rewardsProjection, stakesProjection,
];
