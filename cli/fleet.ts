// Agents beside the platform, for one machine that shall do everything: each a process with a key of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Wallet } from 'ethers';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { Addresses } from './running-platform';
import { UsageRefused } from './usage';

export class FleetFailed extends Fault {}

type Kind = 'super' | 'archive' | 'edge';
export interface Member { readonly kind: Kind; readonly name: string }
export interface Fleet { close(): Promise<void> }

const kinds: readonly string[] = ['super', 'archive', 'edge'];
const largestFleet = 64;
const startTimeoutMs = 60_000;
const graceMs = 5_000;

/** `super=6,archive=1,edge=2`. Throws UsageRefused. */
export function fleetOf(text: string): readonly Member[] {
  const members = text.split(',').filter((part) => part !== '').flatMap((part): Member[] => {
    const [, kind = '', count = ''] = /^(\w+)=(\d{1,2})$/.exec(part) ?? [];
    if (!kinds.includes(kind)) throw new UsageRefused(`--agents reads like super=6,archive=1,edge=2, not "${part}"`);
    return Array.from({ length: Number(count) }, (_, index) => ({ kind: kind as Kind, name: `${kind}-${index + 1}` }));
  });
  if (members.length > largestFleet) throw new UsageRefused(`--agents: at most ${largestFleet} on one machine`);
  return members;
}

/** Resolves when each has had its chance; one that does not start is told, and the platform goes on without it. */
export async function startFleet(members: readonly Member[], addresses: Addresses, directory: string, tell: (line: string) => void): Promise<Fleet> {
  const children: ChildProcess[] = [];
  const startOne = async (member: Member): Promise<void> => {
    const place = join(directory, member.name);
    mkdirSync(place, { recursive: true });
    const child = launch(member, addresses, place, await tokenFor(member, operatorIn(place), addresses));
    children.push(child);
    const { nodeId } = JSON.parse(await firstLine(child, member.name, join(place, 'agent.log'))) as { readonly nodeId: string };
    tell(`  agent ${member.name} runs as ${nodeId}`);
  };
  // Two at a time: a start is mostly the compilation of what it imports.
  for (let first = 0; first < members.length; first += 2) {
    await Promise.all(members.slice(first, first + 2).map((member) => startOne(member).catch((error: unknown) => { tell(`  ${messageOf(error)}`); })));
  }
  return { close: async () => { await Promise.all(children.map(end)); } };
}

/** The wallet that is paid for the node: made at its first start, kept beside its key. */
function operatorIn(place: string): Wallet {
  const file = join(place, 'operator.key');
  if (!existsSync(file)) writeFileSync(file, Wallet.createRandom().privateKey, { mode: 0o600, flush: true });
  return new Wallet(readFileSync(file, 'utf8').trim());
}

function launch({ kind, name }: Member, addresses: Addresses, place: string, { token, operator }: { readonly token: string; readonly operator: string }): ChildProcess {
  const log = openSync(join(place, 'agent.log'), 'a');
  const child = spawn(process.execPath, [
    '--require', 'tsx/cjs', join(__dirname, 'main.ts'), 'agent', 'join', '--kind', kind, '--name', name, '--token', token, '--operator', operator,
    '--platform', new URL(addresses.graphql).origin, '--ingest', addresses.ingest, '--data', place,
    // A session of its own, so that Ctrl-C ends it in order; the channel, so that it ends when the platform is killed.
  ], { stdio: ['ignore', 'pipe', log, 'ipc'], cwd: join(__dirname, '..'), detached: true });
  closeSync(log);
  return child;
}

function firstLine(child: ChildProcess, name: string, log: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new FleetFailed('AGENT_NOT_READY', `agent ${name} is not ready after ${startTimeoutMs / 1000} s; see ${log}`)); }, startTimeoutMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new FleetFailed('AGENT_ENDED', `agent ${name} ended with ${code ?? 'a signal'}; see ${log}`));
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      clearTimeout(timer);
      resolve(line);
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => { child.kill('SIGKILL'); }, graceMs);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

interface Answers {
  readonly signInChallenge?: { readonly message?: string; readonly code?: string };
  readonly signIn?: { readonly token?: string; readonly code?: string };
  readonly createEnrolmentToken?: { readonly token?: string; readonly code?: string };
}

/** The operator signs in and asks for a token, through the same door as anybody. Throws FleetFailed. */
async function tokenFor({ kind, name }: Member, wallet: Wallet, { graphql }: Addresses): Promise<{ readonly token: string; readonly operator: string }> {
  const ask = async (query: string, variables: object, session?: string): Promise<Answers> => {
    const response = await fetch(graphql, {
      method: 'POST', body: JSON.stringify({ query, variables }),
      headers: { 'content-type': 'application/json', ...(session === undefined ? {} : { authorization: `Bearer ${session}` }) },
    });
    return ((await response.json()) as { readonly data?: Answers | null }).data ?? {};
  };
  const must = (value: string | undefined, what: string, code: string | undefined): string => {
    if (value === undefined) throw new FleetFailed('AGENT_NOT_ENROLLED', `agent ${name} got no ${what}: ${code ?? 'no answer'}`);
    return value;
  };
  const { signInChallenge } = await ask('mutation($address: String!) { signInChallenge(input: { address: $address }) { ... on SignInChallenge { message } ... on Refusal { code } } }', { address: wallet.address });
  const message = must(signInChallenge?.message, 'challenge', signInChallenge?.code);
  const { signIn } = await ask('mutation($message: String!, $signature: String!) { signIn(input: { message: $message, signature: $signature }) { ... on AccountSession { token } ... on Refusal { code } } }',
    { message, signature: await wallet.signMessage(message) });
  const session = must(signIn?.token, 'session', signIn?.code);
  const { createEnrolmentToken } = await ask('mutation($kind: NodeKind!) { createEnrolmentToken(input: { kind: $kind }) { ... on EnrolmentToken { token } ... on Refusal { code } } }', { kind }, session);
  return { token: must(createEnrolmentToken?.token, 'token', createEnrolmentToken?.code), operator: wallet.address };
}
