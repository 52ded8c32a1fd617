// `oort storage events`: what happens in a bucket, a record of S3 a line.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '@oort/kernel-wire';
import { queryPlatform } from './query-platform';
import { readOptions, required } from './usage';

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly record: Json } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const query = `query Events($bucket: ID!, $destination: String, $after: String) {
  bucketEvents(bucket: $bucket, destination: $destination, after: $after, first: 1000) { edges { cursor node { record } } pageInfo { hasNextPage endCursor } }
}`;
const pauseMs = 1000;

/** Each line is `{"cursor": …, "record": …}`; with --follow until the process is ended. Throws PlatformRefused. */
export async function storageEvents(commandLine: readonly string[], signal?: AbortSignal): Promise<void> {
  const { values } = readOptions(commandLine, {
    platform: { type: 'string', default: 'http://127.0.0.1:4000' }, token: { type: 'string' }, bucket: { type: 'string' },
    destination: { type: 'string' }, after: { type: 'string' }, follow: { type: 'boolean', default: false },
  });
  const [bucket, token] = [required(values.bucket, '--bucket'), required(values.token, '--token')];
  const isOver = (): boolean => signal?.aborted === true;
  let after = values.after ?? null;
  while (!isOver()) {
    const { bucketEvents } = await queryPlatform<{ readonly bucketEvents: Page }>(values.platform, query, { bucket, destination: values.destination ?? null, after }, token);
    for (const { cursor, node: { record } } of bucketEvents.edges) process.stdout.write(`${JSON.stringify({ cursor, record })}\n`);
    after = bucketEvents.pageInfo.endCursor;
    if (bucketEvents.pageInfo.hasNextPage) continue;
    if (!values.follow) return;
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}
