// Writes artifact.json: `node --require tsx/cjs ledger/contracts/build.ts`.
import { writeFileSync } from 'node:fs';
import { artifactPath } from './artifact';
import { compileContracts } from './compile';

writeFileSync(artifactPath, `${JSON.stringify(compileContracts(), null, 1)}\n`);
