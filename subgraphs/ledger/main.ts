// The ledger subgraph as a process of its own, the only one that holds the platform's chain key; docs/OPERATIONS.md lists its
// environment.
import { runSubgraph } from '@oort/kernel-service';
import { SettingRefused } from '@oort/kernel-process';
import { eventPrivacy, upcasters } from '@oort/schema';
import { noContent } from '@oort/subgraphs-storage';
import { createLedgerSubgraph } from './subgraph';

runSubgraph({
  name: 'ledger', projections: [], sealing: eventPrivacy, upcasters,
  open: (foundation, settings) => {
    const platformKey = settings.file('OORT_CHAIN_KEY_FILE');
    if (!/^0x[0-9a-f]{64}$/.test(platformKey)) throw new SettingRefused('OORT_CHAIN_KEY_FILE', 'holds no secp256k1 key in hex');
    return createLedgerSubgraph({ ...foundation, content: noContent, platformKey });
  },
});
