// The staking subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { rewardsProjection } from '@oort/projections-rewards';
import { stakesProjection } from '@oort/projections-stakes';
import { eventPrivacy, upcasters } from '@oort/schema';
import { noContent } from '@oort/subgraphs-storage';
import { createStakingSubgraph } from './subgraph';

runSubgraph({
  name: 'staking', projections: [rewardsProjection, stakesProjection], sealing: eventPrivacy, upcasters,
  open: (foundation) => createStakingSubgraph({ ...foundation, content: noContent }),
});
