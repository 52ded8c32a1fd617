// The version's files go in through the stock AWS SDK, outlive a node that is killed, and go to the archive and back.
import {
  CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException,
} from '@aws-sdk/client-s3';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { Fault, sha256Hex } from '@oort/kernel-wire';
import type { AgentProcess, LoopContext, Step } from '../step';
import { tarOf } from '../tar';

interface Item { readonly itemId: string; readonly contentId: string; readonly sha256: string; readonly label: string }
interface Segment { readonly k: number; readonly n: number; readonly healthy: number; readonly pieces: readonly { readonly node: { readonly id: string } }[] }
interface Shown {
  readonly code?: string; readonly message?: string;
  readonly id: string; readonly contentRoot: string | null; readonly storageClass: string; readonly segments: readonly Segment[];
  readonly durability: { readonly annualLossProbability: number };
}

class StepRefused extends Fault {}

const imagesOfTheirOwn = 20;
const atOnce = 16;
const leafBytes = 1024;
const shown = '... on StorageObject { id contentRoot storageClass durability { annualLossProbability } segments { k n healthy pieces { node { id } } } }';

export const step: Step = { number: 3, title: 'Storage: through S3 onto the nodes, a node lost, archived and restored', run };

async function run(context: LoopContext): Promise<void> {
  const s3 = await openS3(context);
  try {
    const bucket = `digits-${sha256Hex(context.artifacts.datasetVersionId ?? '').slice(0, 12)}`;
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const files = await versionFiles(context);
    await each([...files], async ([Key, Body]) => { await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body })); });
    Object.assign(context.artifacts, { bucket, objectKeys: [...files.keys()] });
    context.made('bucket', bucket);
    context.made('objects', `${files.size} with ${[...files.values()].reduce((sum, { length }) => sum + length, 0)} bytes`);
    await checkPlacement(context, bucket, files);
    await loseANode(context, s3, bucket, files);
    await archiveAndRestore(context, s3, bucket, files);
  } finally {
    s3.destroy();
  }
}

async function openS3(context: LoopContext): Promise<S3Client> {
  const { createS3Key: key } = await context.graphql<{ readonly createS3Key: { readonly id?: string; readonly secretAccessKey?: string; readonly code?: string } }>(
    'mutation { createS3Key { ... on S3Key { id secretAccessKey } ... on Refusal { code } } }', {}, context.customer);
  if (key.id === undefined || key.secretAccessKey === undefined) throw new StepRefused(key.code ?? 'NO_KEY', 'no S3 key was made');
  context.made('S3 access key', key.id);
  return new S3Client({
    endpoint: context.urls.s3, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: key.id, secretAccessKey: key.secretAccessKey },
  });
}

/** The manifest, all images as one archive, and some of them as objects of their own: coded ones and replicas. */
async function versionFiles(context: LoopContext): Promise<ReadonlyMap<string, Buffer>> {
  const manifest = await content(context, context.artifacts.manifestContentId ?? '');
  const { items } = JSON.parse(manifest.toString()) as { readonly items: readonly Item[] };
  const images = new Map<string, Buffer>();
  await each(items, async ({ itemId, contentId }) => { images.set(itemId, await content(context, contentId)); });
  const whole = items.filter(({ itemId, sha256 }) => sha256Hex(images.get(itemId) ?? '') === sha256);
  context.check('every image of the version hashes to its manifest', whole.length === items.length, `${whole.length} of ${items.length}`);
  const named = items.map(({ itemId, label }) => ({ name: `${label}/${itemId}.png`, bytes: images.get(itemId) ?? Buffer.alloc(0) }));
  return new Map([
    ['version/manifest.json', manifest],
    ['version/images.tar', tarOf(named)],
    ...named.slice(0, imagesOfTheirOwn).map(({ name, bytes }) => [`version/images/${name}`, bytes] as const),
  ]);
}

async function checkPlacement(context: LoopContext, bucket: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const large = largeKeys(files);
  const healthy = await context.eventually('every piece in its place', async () => {
    const objects = await Promise.all(large.map((key) => storageObject(context, bucket, key)));
    return objects.every(isWhole) ? objects : null;
  });
  const segments = healthy.flatMap((object) => object.segments);
  context.check('the large files lie 3 of 6, each piece on another node', segments.length > 0 && segments.every(({ k, n, pieces }) => k === 3 && n === 6
    && new Set(pieces.map(({ node }) => node.id)).size === 6), `${segments.length} segments of ${large.join(', ')}`);
  const small = await storageObject(context, bucket, [...files.keys()].find((key) => key.endsWith('.png')) ?? '');
  context.check('a small file lies on at least three nodes whole', small.segments.every(({ k, pieces }) => k === 1 && pieces.length >= 3));
  context.made('computed chance of loss in a year', Math.max(...healthy.map(({ durability }) => durability.annualLossProbability)));
}

async function loseANode(context: LoopContext, s3: S3Client, bucket: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const victim = superAgent(context);
  await victim.kill('SIGKILL');
  context.progress(`${victim.name} was killed with SIGKILL`);
  await checkReadBack(context, s3, bucket, files, 'with a node dead every object reads back hash for hash');
  const late = 'version/written-with-a-node-dead.tar';
  const body = files.get('version/images.tar') ?? Buffer.alloc(0);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: late, Body: body }));
  const { segments } = await storageObject(context, bucket, late);
  context.check('a write with a node dead is acknowledged at five signed receipts', segments.every(({ pieces }) => pieces.length === 5), segments.map(({ pieces }) => pieces.length).join(', '));
  await victim.start();
  await context.eventually('the sixth piece of everything', async () => {
    const objects = await Promise.all([late, ...largeKeys(files)].map((key) => storageObject(context, bucket, key)));
    return objects.every(isWhole);
  }, 60_000);
  const repaired = await storageObject(context, bucket, late);
  context.check('repair placed the sixth piece', repaired.segments.every(({ pieces }) => pieces.some(({ node }) => node.id === victim.nodeId) && pieces.length === 6));
  await checkReadBack(context, s3, bucket, new Map([[late, body]]), 'what was written meanwhile reads back');
}

async function archiveAndRestore(context: LoopContext, s3: S3Client, bucket: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const keys = largeKeys(files);
  for (const key of keys) {
    const expected = contentRoot(files.get(key) ?? Buffer.alloc(0));
    const archived = await change(context, 'archiveObject', bucket, key);
    context.check(`${key} is archived under the root of its bytes`, archived.storageClass === 'ARCHIVE' && archived.contentRoot === expected, archived.contentRoot ?? '');
    const refused = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })).then(() => 'read', (error: unknown) => (error instanceof S3ServiceException ? error.name : String(error)));
    context.check('an archived object says that it must be restored first', refused === 'InvalidObjectState', refused);
    const restored = await change(context, 'restoreObject', bucket, key);
    context.check('it is restored with an equal root', restored.storageClass === 'STANDARD' && restored.contentRoot === expected);
  }
  await checkReadBack(context, s3, bucket, new Map(keys.map((key) => [key, files.get(key) ?? Buffer.alloc(0)])), 'and reads back hash for hash');
}

async function checkReadBack(context: LoopContext, s3: S3Client, bucket: string, files: ReadonlyMap<string, Buffer>, what: string): Promise<void> {
  let same = 0;
  await each([...files], async ([Key, bytes]) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    if (sha256Hex(Buffer.from(await Body?.transformToByteArray() ?? [])) === sha256Hex(bytes)) same += 1;
  });
  context.check(what, same === files.size, `${same} of ${files.size}`);
}

async function storageObject(context: LoopContext, bucket: string, key: string): Promise<Shown> {
  const { object } = await context.graphql<{ readonly object: Shown | null }>(
    `query Placement($bucket: ID!, $key: String!) { object: storageObject(bucket: $bucket, key: $key) { ${shown} } }`, { bucket, key }, context.customer);
  if (object === null) throw new StepRefused('NO_SUCH_OBJECT', `${key} is not catalogued`);
  return object;
}

async function change(context: LoopContext, mutation: 'archiveObject' | 'restoreObject', bucket: string, key: string): Promise<Shown> {
  const { object } = await context.graphql<{ readonly object: Shown }>(
    `mutation Change($input: StorageObjectInput!) { object: ${mutation}(input: $input) { ${shown} ... on Refusal { code message } } }`, { input: { bucket, key } }, context.customer);
  if (object.code !== undefined) throw new StepRefused(object.code, `${mutation}: ${object.message ?? ''}`);
  return object;
}

async function content(context: LoopContext, contentId: string): Promise<Buffer> {
  const answer = await fetch(`${context.urls.ingest}/content/${contentId}`, { headers: { authorization: `Bearer ${context.customer.token}` } });
  if (!answer.ok) throw new StepRefused('NO_CONTENT', `${contentId}: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** RFC 6962 over leaves of 1 KiB of the plain bytes: computed here from the file alone. */
function contentRoot(bytes: Buffer): string {
  const count = Math.max(1, Math.ceil(bytes.length / leafBytes));
  return merkleRoot(Array.from({ length: count }, (_, index) => leafHash(bytes.subarray(index * leafBytes, (index + 1) * leafBytes)))).toString('hex');
}

const largeKeys = (files: ReadonlyMap<string, Buffer>): string[] => [...files].filter(([, { length }]) => length > 64 * 1024).map(([key]) => key);

const isWhole = ({ segments }: Shown): boolean => segments.every(({ healthy, n }) => healthy === n);

function superAgent(context: LoopContext): AgentProcess {
  const agent = [...context.agents.values()].filter(({ kind }) => kind === 'super').at(-1);
  if (agent === undefined) throw new StepRefused('NO_AGENT', 'there is no super agent');
  return agent;
}

async function each<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  const queue = values.values();
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const value of queue) await work(value);
  }));
}
