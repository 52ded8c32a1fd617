// A device gets the model, loses its network, answers images from files, and reports what it used when it is back: once.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runAsBrowser } from '../outside';
import type { AgentProcess, LoopContext, Step } from '../step';

interface Deployment { readonly id: string; readonly installedOn: readonly string[]; readonly offlinePackets: number; readonly offlinePredictions: number }
interface Made { readonly deployVersion: { readonly __typename: string; readonly id: string; readonly code?: string } }
interface Answer { readonly label: string; readonly predictionId: string; readonly deploymentId: string }

const deploy = `mutation Deploy($input: DeployVersionInput!) {
  deployVersion(input: $input) { __typename ... on Deployment { id } ... on Refusal { code } }
}`;
const deploymentQuery = 'query Deployment($id: ID!) { deployment(id: $id) { id installedOn offlinePackets offlinePredictions } }';
const predictionsQuery = 'query Predictions($id: ID!) { predictions(deploymentId: $id, first: 100) { totalCount edges { node { id label nodeId } } } }';
const count = 24;

export const step: Step = { number: 6, title: 'Edge: inference without a network', run };

async function run(context: LoopContext): Promise<void> {
  const agent = context.agents.get('edge-1');
  if (agent === undefined) return context.check('there is an edge agent', false);
  const input = { versionId: context.artifacts.modelVersionId, nodeIds: [agent.nodeId] };
  const { deployVersion: made } = await context.graphql<Made>(deploy, { input }, context.customer);
  context.check('the version is deployed', made.__typename === 'Deployment', made.code ?? made.id);
  if (made.__typename !== 'Deployment') return;
  context.made('deployment', made.id);
  await context.eventually('the installation on the device', async () => (await read(context, made.id)).installedOn.includes(agent.nodeId), 60_000);
  const switchFile = join(agent.directory, 'network-off');
  writeFileSync(switchFile, '');
  context.progress('the device has no network from here on');
  const answers = await predictOffline(context, agent, made.id);
  await pause(1500);
  context.check('nothing of it reached the platform while offline', (await read(context, made.id)).offlinePredictions === 0);
  rmSync(switchFile);
  const reported = await context.eventually('the usage after the network came back', async () => {
    const deployment = await read(context, made.id);
    return deployment.offlinePredictions > 0 ? deployment : null;
  }, 60_000);
  await agent.start();
  await pause(3000);
  const later = await read(context, made.id);
  context.check('its usage arrived once', reported.offlinePredictions === count && later.offlinePredictions === count && later.offlinePackets === reported.offlinePackets,
    `${later.offlinePredictions} predictions in ${later.offlinePackets} packet(s), also after a restart`);
  const { predictions } = await context.graphql<{ readonly predictions: { readonly totalCount: number; readonly edges: readonly { readonly node: { readonly id: string } }[] } }>(predictionsQuery, { id: made.id });
  const known = new Set(predictions.edges.map(({ node }) => node.id));
  context.check('every prediction is recorded', predictions.totalCount === count && answers.every(({ predictionId }) => known.has(predictionId)));
  await runAsBrowser(context, context.artifacts.modelVersionId ?? '');
  Object.assign(context.artifacts, { deploymentId: made.id, predictionIds: answers.map(({ predictionId }) => predictionId) });
}

async function predictOffline(context: LoopContext, agent: AgentProcess, deploymentId: string): Promise<readonly Answer[]> {
  const images = context.images.heldOut.slice(0, count);
  images.forEach(({ png }, index) => {
    const path = join(agent.directory, 'inbox', nameOf(index));
    // Written aside first: the device must not find half an image.
    writeFileSync(`${path}.part`, png);
    renameSync(`${path}.part`, path);
  });
  const answers = await context.eventually('the device\'s answers', () => {
    const files = images.map((_, index) => join(agent.directory, 'outbox', `${nameOf(index)}.json`));
    return Promise.resolve(files.every((file) => existsSync(file)) ? files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Answer) : null);
  }, 60_000);
  const right = answers.filter(({ label }, index) => label === images[index]?.label).length;
  context.check('it answers image files without a network', answers.every((answer) => answer.deploymentId === deploymentId), `${answers.length} answers, ${right} of them right`);
  context.check('and mostly rightly', right / images.length >= 0.75, `${right} of ${images.length}`);
  return answers;
}

function nameOf(index: number): string {
  return `image-${String(index).padStart(3, '0')}.png`;
}

async function read(context: LoopContext, id: string): Promise<Deployment> {
  return (await context.graphql<{ readonly deployment: Deployment }>(deploymentQuery, { id })).deployment;
}
