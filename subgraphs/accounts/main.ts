// The accounts subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { personKeyId } from '@oort/kernel-eventstore';
import { runSubgraph } from '@oort/kernel-service';
import { accountsProjection } from '@oort/projections-accounts';
import { billingProjection } from '@oort/projections-billing';
import { eventPrivacy, upcasters } from '@oort/schema';
import { accountKeyId, noContent } from '@oort/subgraphs-storage';
import { createAccountsSubgraph } from './subgraph';

runSubgraph({
  name: 'accounts', projections: [accountsProjection, billingProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings) => createAccountsSubgraph({
    ...foundation, content: noContent, sessionKey: settings.deviceKey('OORT_SESSION_KEY_FILE'), domain: settings.text('OORT_SITE'),
    forgetKeys: async (accountId) => {
      for (const keyId of [personKeyId(accountId), accountKeyId(accountId)]) await foundation.eventKeys.destroy(keyId);
    },
  }),
});
