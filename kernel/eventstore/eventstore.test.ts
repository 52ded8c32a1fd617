import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract, fileKeyStore, memoryStore, openEmbeddedStore, openVisible } from './index';

const fresh = (): string => mkdtempSync(join(tmpdir(), 'oort-eventstore-'));

eventStoreContract('memory', async () => memoryStore());
eventStoreContract('embedded', () => openEmbeddedStore({ directory: fresh() }));
eventStoreContract('embedded, read from disk only', () => openEmbeddedStore({ directory: fresh(), keptEvents: 0, indexAfterEvents: 1 }));
eventStoreContract('embedded, sealed', async () => openVisible(
  await openEmbeddedStore({ directory: fresh() }),
  { visibilityOf: (type) => type === 'Large' ? 'public' : 'sealed', keys: fileKeyStore(fresh()) },
));
