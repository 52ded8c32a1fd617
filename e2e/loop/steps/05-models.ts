// The model is published with its card; the run and the version are on the chain, and what the chain holds is recomputed here.
import { Contract, id as keccakOfText, type EventLog } from 'ethers';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import { contentKinds, contractAbis } from '@oort/schema';
import { pullAndRun } from '../outside';
import type { LoopContext, Step } from '../step';

interface Version { readonly __typename: string; readonly id: string; readonly modelContentId: string; readonly modelRoot: string; readonly publisher: string; readonly code?: string }
interface Run {
  readonly datasetRoots: readonly string[]; readonly startedAt: string; readonly endedAt: string; readonly modelRoot: string;
  readonly manifest: Json; readonly manifestHash: string; readonly txHash: string | null;
}

const publish = `mutation Publish($input: PublishVersionInput!) {
  publishVersion(input: $input) { __typename ... on ModelVersion { id modelContentId modelRoot publisher } ... on Refusal { code } }
}`;
const runQuery = 'query Run($id: ID!) { trainingRun(id: $id) { datasetRoots startedAt endedAt modelRoot manifest manifestHash txHash } }';
const versionQuery = 'query Version($id: ID!) { modelVersion(id: $id) { txHash blockNumber card } }';
const finalMs = 60_000;

export const step: Step = { number: 5, title: 'Models: published, with its training on chain', run };

async function run(context: LoopContext): Promise<void> {
  const { trainingRunId: runId = '' } = context.artifacts;
  const card = {
    intendedUse: 'Recognise single handwritten digits of 28 x 28 pixels.', limitations: 'Trained on a few hundred digits of one collection.',
    licence: 'Apache-2.0', trainedWith: 'federated averaging over ONNX training graphs',
  };
  const { publishVersion: version } = await context.graphql<{ readonly publishVersion: Version }>(publish, { input: { runId, card, openToAll: true } }, context.customer);
  context.check('the version is published', version.__typename === 'ModelVersion', version.code ?? version.id);
  if (version.__typename !== 'ModelVersion') return;
  context.made('model version', version.id);
  context.made('model root', version.modelRoot);
  await checkFile(context, version);
  await pullAndRun(context, version.id);
  const recorded = await context.eventually('the training run on chain', async () => {
    const { trainingRun } = await context.graphql<{ readonly trainingRun: Run }>(runQuery, { id: runId });
    return trainingRun.txHash === null ? null : trainingRun;
  }, finalMs);
  const { modelVersion } = await context.eventually('the version on chain', async () => {
    const answer = await context.graphql<{ readonly modelVersion: { readonly txHash: string | null } }>(versionQuery, { id: version.id });
    return answer.modelVersion.txHash === null ? null : answer;
  }, finalMs);
  context.made('training run in transaction', recorded.txHash ?? '');
  context.made('version in transaction', modelVersion.txHash ?? '');
  await checkChain(context, runId, recorded, version);
  Object.assign(context.artifacts, { modelVersionId: version.id, modelRoot: version.modelRoot, modelContentId: version.modelContentId });
}

/** The file behind the content id has the root that was published. */
async function checkFile(context: LoopContext, { modelContentId, modelRoot }: Version): Promise<void> {
  const response = await fetch(`${context.urls.ingest}/content/${modelContentId}`, { headers: { authorization: `Bearer ${context.customer.token}` } });
  const file = Buffer.from(await response.arrayBuffer());
  const leaves = Array.from({ length: Math.ceil(file.length / 1024) }, (_, index) => leafHash(file.subarray(index * 1024, (index + 1) * 1024)));
  const root = leaves.length === 0 ? '' : merkleRoot(leaves).toString('hex');
  context.check('the ONNX file has the published root', response.ok && root === modelRoot, `${file.length} bytes`);
}

async function checkChain(context: LoopContext, runId: string, recorded: Run, version: Version): Promise<void> {
  const { Anchors: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const anchors = new Contract(address, contractAbis.Anchors, context.chain);
  const manifestHash = sha256Hex(canonicalJson(recorded.manifest));
  context.check('the manifest hashes to what the platform says', manifestHash === recorded.manifestHash);
  const logged = await event(anchors, 'TrainingRunRecorded', keccakOfText(runId));
  context.check('the chain holds the run', logged !== null);
  const roots = [...((logged?.args['datasetRoots'] ?? []) as readonly string[])].map(plain);
  context.check('with its dataset roots', roots.join() === recorded.datasetRoots.join() && roots.includes(context.artifacts.datasetRoot ?? recorded.datasetRoots[0] ?? ''));
  context.check('its model root', plain(logged?.args['modelRoot']) === version.modelRoot && recorded.modelRoot === version.modelRoot);
  context.check('the hash of its manifest', plain(logged?.args['manifestHash']) === manifestHash);
  const seconds = (instant: string): number => Math.floor(Date.parse(instant) / 1000);
  const start = Number(logged?.args['startedAt'] ?? 0);
  const end = Number(logged?.args['endedAt'] ?? 0);
  // The contract takes a uint64 of time; seconds and milliseconds both fit it.
  const same = (given: number, instant: string): boolean => given === seconds(instant) || given === Date.parse(instant);
  context.check('its start and end', same(start, recorded.startedAt) && same(end, recorded.endedAt), `${recorded.startedAt} to ${recorded.endedAt}`);
  const content = await event(anchors, 'ContentRecorded', keccakOfText(version.id));
  context.check('and the version, by its publisher', plain(content?.args['contentRoot']) === version.modelRoot
    && Number(content?.args['kind']) === contentKinds.modelVersion && String(content?.args['author']).toLowerCase() === version.publisher.toLowerCase());
}

async function event(anchors: Contract, name: string, id: string): Promise<EventLog | null> {
  const [found] = await anchors.queryFilter(anchors.getEvent(name)(id), 0);
  return found !== undefined && 'args' in found ? found : null;
}

function plain(hex: unknown): string {
  return String(hex).replace(/^0x/, '');
}
