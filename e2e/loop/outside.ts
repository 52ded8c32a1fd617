// The published version outside of the platform: pulled by somebody without an account, and run by an edge node that needs no more
// than a browser has.
import { join } from 'node:path';
import * as onnx from 'onnxruntime-node';
import { exampleTensor } from '@oort/algorithms-training';
import { EdgeNode, type KeyValue } from '@oort/node-agents-model';
import { openPulled, pullModel } from '@oort/node-agents-model/pull';
import type { LoopContext } from './step';

interface TokenAnswer { readonly createEnrolmentToken: { readonly token?: string; readonly operator?: string; readonly code?: string } }
interface Deployed { readonly deployVersion: { readonly __typename: string; readonly id: string; readonly code?: string } }

const tokenMutation = `mutation Token($operator: String!) {
  createEnrolmentToken(input: { kind: edge, operator: $operator }) { ... on EnrolmentToken { token } ... on Refusal { code } }
}`;
const deploy = 'mutation Deploy($input: DeployVersionInput!) { deployVersion(input: $input) { __typename ... on Deployment { id } ... on Refusal { code } } }';
const usageQuery = 'query Usage($id: ID!) { deployment(id: $id) { installedOn offlinePredictions } }';
const count = 12;

export async function pullAndRun(context: LoopContext, versionId: string): Promise<void> {
  const pulled = await pullModel({ versionId, platform: platformOf(context), ingest: context.urls.ingest, folder: join(context.directory, 'pulled') });
  const model = await openPulled(pulled.folder, pulled.trustedKey);
  const shape = model.release.input ?? [];
  const some = context.images.heldOut.slice(0, count);
  const answers = await Promise.all(some.map(({ png }) => model.infer(exampleTensor(png, 'image/png', shape))));
  await model.close();
  const right = answers.filter(({ label }, index) => label === some[index]?.label).length;
  context.check('somebody without an account pulls it, verifies it and runs it', right / count >= 0.75, `${right} of ${count} right`);
}

export async function runAsBrowser(context: LoopContext, versionId: string): Promise<void> {
  const operator = context.customer.wallet.address;
  const { createEnrolmentToken: { token = '', code = '' } } = await context.graphql<TokenAnswer>(tokenMutation, { operator }, context.customer);
  if (token === '') return context.check('a browser gets a token', false, code);
  const node = await EdgeNode.start({ runtime: onnx, storage: memory(), platform: platformOf(context), ingest: context.urls.ingest, operator, token, name: 'a browser' });
  const { deployVersion: { id } } = await context.graphql<Deployed>(deploy, { input: { versionId, nodeIds: [node.nodeId] } }, context.customer);
  await node.synchronise();
  const some = context.images.heldOut.slice(0, count);
  let right = 0;
  for (const { png, label } of some) if ((await node.infer(exampleTensor(png, 'image/png', [1, 28, 28])))?.label === label) right += 1;
  await node.synchronise();
  const { deployment } = await context.graphql<{ readonly deployment: { readonly installedOn: readonly string[]; readonly offlinePredictions: number } }>(usageQuery, { id });
  context.check('an edge node with no more than a browser has installs it, answers and reports', right / count >= 0.75
    && deployment.installedOn.includes(node.nodeId) && deployment.offlinePredictions === count, `${right} of ${count} right, ${deployment.offlinePredictions} reported`);
}

const platformOf = ({ urls }: LoopContext): string => urls.graphql.replace(/\/graphql$/, '');

function memory(): KeyValue {
  const kept = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(kept.get(key) ?? null), set: (key, value) => { kept.set(key, value); return Promise.resolve(); },
    delete: (key) => { kept.delete(key); return Promise.resolve(); }, keys: (prefix) => Promise.resolve([...kept.keys()].filter((key) => key.startsWith(prefix))),
  };
}
