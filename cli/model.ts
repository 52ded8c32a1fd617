// `oort model`: a published version on this machine, without enrolling it.
import { readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { exampleTensor } from '@oort/algorithms-training';
import { keptKey, openPulled, pullModel } from '@oort/node-agents-model/pull';
import { readOptions, required, UsageRefused } from './usage';

const mediaTypes: Readonly<Record<string, string>> = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.json': 'application/json', '.txt': 'text/plain' };

export async function pullCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, {
    platform: { type: 'string', default: 'http://127.0.0.1:4000' }, ingest: { type: 'string', default: 'http://127.0.0.1:4100' },
    to: { type: 'string', default: 'models' }, key: { type: 'string' }, token: { type: 'string' },
  });
  const { release, folder, trustedKey } = await pullModel({
    versionId: required(positionals[0], 'the version\'s id'), platform: values.platform, ingest: values.ingest, folder: resolve(values.to),
    ...(values.key === undefined ? {} : { trustedKey: values.key }), ...(values.token === undefined ? {} : { token: values.token }),
  });
  process.stdout.write(`${release.name} (${release.licence}${release.licenceExpiresAt === null ? '' : `, until ${release.licenceExpiresAt}`}) in ${folder}\n`
    + `signed by ${trustedKey}\n`);
}

/** An answer a file, as JSON lines. No network is used. */
export async function runCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals: [folder, ...files] } = readOptions(commandLine, { key: { type: 'string' } });
  const own = resolve(required(folder, 'the version\'s folder'));
  const model = await openPulled(own, required(values.key ?? keptKey(dirname(own)) ?? undefined, '--key'));
  const { input: shape, labels } = model.release;
  if (shape === null) throw new UsageRefused('the release does not say what its input looks like; run it through the library');
  for (const file of files) {
    const mediaType = mediaTypes[extname(file).toLowerCase()] ?? 'application/octet-stream';
    const { label, scores } = await model.infer(exampleTensor(readFileSync(file), mediaType, shape));
    process.stdout.write(`${JSON.stringify({ file, label, scores: Object.fromEntries([...scores].map((score, index) => [labels[index] ?? String(index), score])) })}\n`);
  }
  await model.close();
}
