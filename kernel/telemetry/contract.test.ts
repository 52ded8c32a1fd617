import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { telemetryBusContract } from './contract';
import { memoryBus, openEmbeddedBus } from './index';

telemetryBusContract('memory', () => Promise.resolve(memoryBus()));
telemetryBusContract('embedded', () => openEmbeddedBus({ directory: mkdtempSync(join(tmpdir(), 'oort-bus-')) }));
