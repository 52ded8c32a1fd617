// `npm run telemetry-schema` takes the present schema into released.json, once nothing that was released is broken, and gives every
// message that has changed a new golden sample. With --check it only compares, and says what is wrong.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { breaks, currentShapes, type Shapes } from './compatibility';
import { latestGolden, writeGolden } from './golden';
import { topicNames } from './topics';

export const releasedFile = join(__dirname, 'released.json');

export function released(): Shapes {
  return existsSync(releasedFile) ? JSON.parse(readFileSync(releasedFile, 'utf8')) as Shapes : { messages: {}, enums: {} };
}

function main(): void {
  const check = process.argv.includes('--check');
  const present = currentShapes();
  const text = `${JSON.stringify(present, null, 2)}\n`;
  const broken = breaks(released(), present);
  const isNew = !existsSync(releasedFile) || readFileSync(releasedFile, 'utf8') !== text;
  for (const one of broken) process.stderr.write(`telemetry schema: ${one}\n`);
  if (check && isNew && broken.length === 0) process.stderr.write('telemetry schema: it is not what was released: run "npm run telemetry-schema"\n');
  if (broken.length > 0 || (check && isNew)) {
    process.exitCode = 1;
    return;
  }
  if (!check) writeFileSync(releasedFile, text);
  for (const topic of topicNames) {
    if (!check && !latestGolden(topic)?.isComplete) process.stdout.write(`${writeGolden(topic)} written\n`);
  }
}

if (require.main === module) main();
