// Public models, as npm packages ship them, through the same path as our own: imported by the command line, published with card and
// licence and on chain, pulled by anybody, served by a node, deployed to an edge and used there. The packages are no dependency: where
// `npm ci` was not run in bench/peers/models, this is skipped.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as onnx from 'onnxruntime-node';
import { OpenModel, type NamedTensor } from '@oort/node-agents-model';
import { openPulled, pullModel } from '@oort/node-agents-model/pull';
import type { Json } from '@oort/kernel-wire';
import { setStage, type Stage } from '../adversaries/stage';
import { cli, endAll } from '../loop/processes';
import { createReport } from '../loop/report';

const packages = join(__dirname, '..', '..', 'bench', 'peers', 'models', 'node_modules');
const voice = join(packages, '@ricky0123', 'vad-web', 'dist', 'silero_vad_v5.onnx');
const letters = join(packages, '@gutenye', 'ocr-models', 'assets', 'ch_PP-OCRv4_rec_infer.onnx');
const areThere = [voice, letters].every((file) => existsSync(file));
const withPackages = areThere ? it : it.skip;

let directory: string;
let stage: Stage;

beforeAll(async () => {
  if (!areThere) return;
  directory = mkdtempSync(join(tmpdir(), 'oort-public-models-'));
  stage = await setStage(directory, {}, createReport(() => undefined), [['super', 6], ['edge', 1]]);
}, 300_000);

afterAll(async () => {
  await endAll();
  if (areThere) rmSync(directory, { recursive: true, force: true });
});

const wave = Array.from({ length: 512 }, (_, index) => Math.fround(0.3 * Math.sin(index / 7)));
const line = Array.from({ length: 3 * 48 * 96 }, (_, index) => (index % 96 > 30 && index % 96 < 40 ? -1 : 1));
const models = [
  { name: 'Silero VAD', licence: 'MIT', file: voice, feeds: [
    { name: 'input', type: 'float32', dims: [1, 512], values: wave }, { name: 'state', type: 'float32', dims: [2, 1, 128], values: Array<number>(256).fill(0) },
    { name: 'sr', type: 'int64', dims: [], values: [16_000] },
  ] },
  { name: 'PP-OCR recognition', licence: 'Apache-2.0', file: letters, feeds: [{ name: 'x', type: 'float32', dims: [1, 3, 48, 96], values: line }] },
] satisfies readonly { readonly name: string; readonly licence: string; readonly file: string; readonly feeds: readonly NamedTensor[] }[];

type Rows = readonly (readonly number[])[];
interface Output { readonly outputs?: Rows; /** Of a large answer. */ readonly outputsContentId?: string }

function imported(name: string, licence: string, file: string): string {
  const card = join(directory, 'card.json');
  writeFileSync(card, JSON.stringify({ intendedUse: name, from: 'npm' }));
  const { graphql, ingest } = stage.context.urls;
  return execFileSync(process.execPath, ['--require', 'tsx/cjs', cli, 'model', 'import', file, '--name', name, '--licence', licence, '--card', card, '--open',
    '--token', stage.context.customer.token, '--platform', new URL(graphql).origin, '--ingest', ingest], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).split('\n')[0] ?? '';
}

/** By a node, as an inference of the version's file. */
async function served(modelContentId: string, feeds: readonly NamedTensor[]): Promise<Rows> {
  const { context } = stage;
  const submit = 'mutation S($input: SubmitJobInput!) { submitJob(input: $input) { ... on Job { id } ... on Refusal { code message } } }';
  const { submitJob: { id } } = await context.graphql<{ readonly submitJob: { readonly id: string } }>(submit, { input: { kind: 'inference', spec: { modelContentId, feeds } } }, context.customer);
  const { outputs, outputsContentId } = await context.eventually('the answer', async () => (await context.graphql<{ readonly job: { readonly output: Output | null } }>('query J($id: ID!) { job(id: $id) { output } }', { id }, context.customer)).job.output);
  if (outputs !== undefined) return outputs;
  const kept = await fetch(`${context.urls.ingest}/content/${outputsContentId ?? ''}`, { headers: { authorization: `Bearer ${context.customer.token}` } });
  return await kept.json() as Rows;
}

async function onEdge(versionId: string, name: string, feeds: readonly NamedTensor[]): Promise<{ readonly outputs: readonly NamedTensor[]; readonly versionId: string }> {
  const { context } = stage;
  const edge = stage.agent('edge-1');
  const deploy = 'mutation D($input: DeployVersionInput!) { deployVersion(input: $input) { ... on Deployment { id } ... on Refusal { code message } } }';
  const { deployVersion: { id } } = await context.graphql<{ readonly deployVersion: { readonly id: string } }>(deploy, { input: { versionId, nodeIds: [edge.nodeId] } }, context.customer);
  const usage = async (): Promise<{ readonly installedOn: readonly string[]; readonly offlinePredictions: number }> =>
    (await context.graphql<{ readonly deployment: { readonly installedOn: readonly string[]; readonly offlinePredictions: number } }>('query U($id: ID!) { deployment(id: $id) { installedOn offlinePredictions } }', { id })).deployment;
  await context.eventually('the installation', async () => (await usage()).installedOn.includes(edge.nodeId));
  const path = join(edge.directory, 'inbox', name);
  writeFileSync(`${path}.part`, JSON.stringify(feeds));
  renameSync(`${path}.part`, path);
  const answer = join(edge.directory, 'outbox', `${name}.json`);
  await context.eventually('the answer of the device', () => Promise.resolve(existsSync(answer)));
  await context.eventually('its report', async () => (await usage()).offlinePredictions === 1);
  return JSON.parse(readFileSync(answer, 'utf8')) as { readonly outputs: readonly NamedTensor[]; readonly versionId: string };
}

describe('a public model', () => {
  for (const { name, licence, file, feeds } of models) {
    withPackages(`${name} is imported, anchored, pulled, served and deployed, and answers everywhere as its file does`, async () => {
      const bare = await OpenModel.open(onnx, readFileSync(file));
      const expected = (await bare.run(feeds)).map(({ values }) => Array.from(values));
      await bare.release();
      const versionId = imported(name, licence, file);
      expect(imported(name, licence, file)).toBe(versionId);
      const { context } = stage;
      const query = 'query V($id: ID!) { modelVersion(id: $id) { modelContentId card txHash } }';
      const version = await context.eventually('the version on chain', async () => {
        const { modelVersion } = await context.graphql<{ readonly modelVersion: { readonly modelContentId: string; readonly card: Json; readonly txHash: string | null } }>(query, { id: versionId });
        return modelVersion.txHash === null ? null : modelVersion;
      });
      expect(version.card).toMatchObject({ from: 'npm' });
      const { graphql, ingest } = context.urls;
      const pulled = await pullModel({ versionId, platform: new URL(graphql).origin, ingest, folder: join(directory, 'pulled') });
      expect(pulled.release).toMatchObject({ name, licence, input: null });
      const model = await openPulled(pulled.folder, pulled.trustedKey);
      expect((await model.run(feeds)).map(({ values }) => Array.from(values))).toEqual(expected);
      await model.close();
      expect(await served(version.modelContentId, feeds)).toEqual(expected);
      const answered = await onEdge(versionId, `${name.replaceAll(' ', '-')}.json`, feeds);
      expect(answered.versionId).toBe(versionId);
      expect(answered.outputs.map(({ values }) => values)).toEqual(expected);
    }, 240_000);
  }
});
