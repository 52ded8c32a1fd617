// The partners' feed as a process of its own. It is given the keys of what was revealed and no other: what it cannot open it cannot
// leak.
import { createEventsSubgraph } from '@oort/gateway-events';
import { runSubgraph } from '@oort/kernel-service';
import { eventPrivacy, upcasters } from '@oort/schema';

runSubgraph({
  name: 'events', projections: [], sealing: eventPrivacy, upcasters,
  open: ({ rawStore, eventKeys }) => createEventsSubgraph({ closedStore: rawStore, revealedKeys: eventKeys }),
});
