// A training job in a process of its own, for a test that kills it: contents and the newest checkpoint are files of one folder.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@oort/kernel-wire';
import { runTraining } from './training';

const [folder = '', ending = ''] = process.argv.slice(2);
const checkpoint = join(folder, 'checkpoint');

async function main(): Promise<void> {
  const spec = JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8')) as Json;
  const { output } = await runTraining(spec, {
    fetchContent: (id) => Promise.resolve(readFileSync(join(folder, id))),
    storeContent: (bytes) => {
      const id = createHash('sha256').update(bytes).digest('hex');
      writeFileSync(join(folder, id), bytes);
      return Promise.resolve(id);
    },
    checkpoint: (step, bytes) => {
      writeFileSync(`${checkpoint}.part`, bytes);
      renameSync(`${checkpoint}.part`, checkpoint);
      process.stdout.write(`${String(step)}\n`);
      return Promise.resolve();
    },
    resume: existsSync(checkpoint) ? readFileSync(checkpoint) : null, signal: new AbortController().signal, firstCheckpointMs: 0,
  });
  writeFileSync(join(folder, ending), JSON.stringify(output));
}

void main();
