// How a device leaves: it drains, so that its work and its pieces move away while it still runs, and then retires for good. Asked
// with the device's own key, from its directory.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@oort/kernel-wire';
import type { Identity } from './enrolment';
import { platformClient } from './platform-client';
import { readState } from './state-file';

export class LeavingRefused extends Fault {
  constructor(code: string, message: string) { super('LEAVING_REFUSED', message, { code }); }
}

type Field = 'drainNode' | 'retireNode';
type Answer = { readonly __typename: 'Node'; readonly status: string } | { readonly __typename: 'Refusal'; readonly code: string; readonly message: string };

/** Resolves with the node's status. Throws LeavingRefused, PlatformUnreachable. */
export function drainNode(directory: string): Promise<string> {
  return ask(directory, 'drainNode');
}

/** Its key is gone afterwards. Throws LeavingRefused while it is not drained or has results that nobody took, PlatformUnreachable. */
export async function leaveNetwork(directory: string): Promise<string> {
  const results = join(directory, 'results');
  const waiting = existsSync(results) ? readdirSync(results).length : 0;
  if (waiting > 0) throw new LeavingRefused('RESULTS_WAIT', `${waiting} results wait to be sent; let the agent run until they are taken`);
  const status = await ask(directory, 'retireNode');
  for (const name of ['identity.json', 'device-key.json', 'benchmark.json', 'clock.json']) rmSync(join(directory, name), { force: true });
  return status;
}

async function ask(directory: string, field: Field): Promise<string> {
  const identity = readState<Identity>(join(directory, 'identity.json'));
  if (identity?.platform === undefined || identity.ingest === undefined) throw new LeavingRefused('NOT_A_NODE', `${directory} holds no enrolled agent`);
  const { platform, ingest, key, nodeId } = identity;
  const client = platformClient({ platform, ingest, directory, key, nodeId });
  const document = `mutation Leave($input: NodeInput!) { ${field}(input: $input) { __typename ... on Node { status } ... on Refusal { code message } } }`;
  const answer = (await client.graphql<Readonly<Record<Field, Answer>>>(document, { input: { nodeId } }))[field];
  if (answer.__typename === 'Refusal') throw new LeavingRefused(answer.code, answer.message);
  return answer.status;
}
