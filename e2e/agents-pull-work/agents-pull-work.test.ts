import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PNG } from 'pngjs';
import { provesFraud } from '@oort/algorithms-honesty';
import { encodeExampleSet, encodeWeights, inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { verifySignature } from '@oort/kernel-identity';
import type { Json } from '@oort/kernel-wire';
import type { Actor } from '@oort/schema';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { startPlatformSlice, type PlatformSlice } from './platform-slice';

const address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const owner: Actor = { kind: 'account', accountId: 'account_1', address };
const leaseTtlMs = 3000;

interface Agent { readonly process: ChildProcess; readonly directory: string; readonly nodeId: string; start(environment?: NodeJS.ProcessEnv): Promise<Agent> }

let platform: PlatformSlice;
const started: ChildProcess[] = [];

beforeAll(async () => {
  platform = await startPlatformSlice({ leaseTtlMs, offlineMs: 5000 });
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await Promise.all(started.filter((child) => child.exitCode === null && child.signalCode === null).map((child) => once(child, 'exit')));
  await platform.close();
});

async function joined(kind: string, name: string): Promise<Agent> {
  const { createEnrolmentToken } = await platform.ask<{ readonly createEnrolmentToken: { readonly token: string } }>(
    'mutation T($input: CreateEnrolmentTokenInput!) { createEnrolmentToken(input: $input) { ... on EnrolmentToken { token } } }', { input: { kind } }, owner);
  return run(kind, join(platform.directory, name), createEnrolmentToken.token, {});
}

async function run(kind: string, directory: string, token: string, environment: NodeJS.ProcessEnv): Promise<Agent> {
  const main = join(__dirname, '..', '..', 'cli', 'main.ts');
  const child = spawn(process.execPath, [
    '--require', 'tsx/cjs', main, 'agent', 'join', '--kind', kind, '--token', token, '--operator', address, '--platform', platform.url, '--ingest', platform.url, '--data', directory,
  ], { cwd: join(__dirname, '..', '..'), env: { ...process.env, OORT_CHECKPOINT_MS: '200', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString(); });
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const { nodeId } = JSON.parse(line) as { readonly nodeId: string };
    return { process: child, directory, nodeId, start: (more = {}) => run(kind, directory, token, more) };
  }
  throw new Error(`the agent ended: ${errors}`);
}

async function eventually<T>(probe: () => Promise<T | null>, timeoutMs = 20_000): Promise<T> {
  for (const until = Date.now() + timeoutMs; ;) {
    const found = await probe();
    if (found !== null) return found;
    if (Date.now() > until) throw new Error('it did not happen in time');
    await sleep(50);
  }
}

async function eventsOf(jobId: string): Promise<readonly ComputeEvent[]> {
  const events: ComputeEvent[] = [];
  for await (const { type, data } of platform.store.read(`job-${jobId}`)) events.push({ type, data } as unknown as ComputeEvent);
  return events;
}

async function resultOf(jobId: string, timeoutMs?: number): Promise<Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data']> {
  return eventually(async () => {
    const events = await eventsOf(jobId);
    const failed = events.find(({ type }) => type === 'JobFailed');
    if (failed !== undefined) throw new Error(JSON.stringify(failed));
    return events.flatMap((event) => (event.type === 'ResultRecorded' ? [event.data] : []))[0] ?? null;
  }, timeoutMs);
}

function digit(seed: number): Buffer {
  const png = new PNG({ width: 28, height: 28 });
  for (let index = 0; index < 784; index += 1) png.data.set([(index * seed) % 256, (index * seed) % 256, (index * seed) % 256, 255], index * 4);
  return PNG.sync.write(png);
}

const labels = ['a', 'b'];
const architectureJson: Json = { input: [1, 28, 28], labels, layers: [{ kind: 'conv2d', filters: 8, kernel: 3 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'dense', units: 2 }] };
const architecture = readArchitecture(architectureJson);

describe('agents', () => {
  it('pre-process two hundred contributions on two devices', async () => {
    const agents = await Promise.all([joined('edge', 'edge-0'), joined('edge', 'edge-1')]);
    const count = 200;
    const startedAt = Date.now();
    for (let index = 0; index < count; index += 1) {
      const contentId = await platform.content.put(digit(index + 1));
      const id = `contribution_${index}`;
      await platform.store.append(`contribution-${id}`, 'any', [{
        id: deriveUuid(index), type: 'ContributionSubmitted', data: { contributionId: id, missionId: 'm', accountId: 'a', consentId: 'c', contentId, sha256: '', sizeBytes: 1, mediaType: 'image/png' },
        metadata: { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: new Date().toISOString(), schemaVersion: 1 },
      }]);
    }
    const done = await eventually(async () => {
      const results = new Map<string, { readonly nodeId: string; readonly output: Json }>();
      for await (const { data } of platform.store.readAll('start', { filter: { types: ['ResultRecorded'] } })) {
        const { subject, nodeId, output } = data as unknown as { readonly subject: { readonly id: string }; readonly nodeId: string; readonly output: Json };
        results.set(subject.id, { nodeId, output });
      }
      return results.size === count ? results : null;
    });
    const seconds = (Date.now() - startedAt) / 1000;
    process.stdout.write(`${count} contributions in ${seconds.toFixed(1)} s\n`);
    expect(done.get('contribution_0')?.output).toMatchObject({ width: 28, height: 28, mediaType: 'image/png' });
    expect(new Set([...done.values()].map(({ nodeId }) => nodeId))).toEqual(new Set(agents.map(({ nodeId }) => nodeId)));
  });

  it('infer as the model says, unless told to cheat, and are the same node after a restart', async () => {
    const modelContentId = await platform.content.put(inferenceModel(architecture, initialWeights(architecture, 1)));
    const spec: Json = { modelContentId, input: [Array.from({ length: 784 }, (_, index) => index / 784)] };
    const infer = async (): Promise<Json> => (await resultOf((await platform.submitJob({ kind: 'inference', spec, submitter: 'account_1' })).jobId)).output;
    const agent = await joined('super', 'super-0');
    const honest = await infer();
    expect(await infer()).toEqual(honest);
    agent.process.kill('SIGTERM');
    await once(agent.process, 'exit');
    const again = await agent.start({ OORT_FAULT: 'random-inference' });
    expect(again.nodeId).toBe(agent.nodeId);
    const lie = await infer() as { readonly outputs: readonly (readonly number[])[] };
    expect(lie.outputs[0]).toHaveLength(2);
    expect(lie).not.toEqual(honest);
    again.process.kill('SIGKILL');
  });

  it('are convicted by what they signed when they show another answer than they committed to, and a withheld one is told', async () => {
    const modelContentId = await platform.content.put(inferenceModel(architecture, initialWeights(architecture, 1)));
    const spec: Json = { modelContentId, input: [Array.from({ length: 784 }, (_, index) => index / 784)] };
    const eventOf = async <Type extends ComputeEvent['type']>(jobId: string, type: Type): Promise<Extract<ComputeEvent, { readonly type: Type }>> =>
      eventually(async () => (await eventsOf(jobId)).find((event): event is Extract<ComputeEvent, { readonly type: Type }> => event.type === type) ?? null);
    const agent = await joined('super', 'super-3');
    const restarted = async (fault: string, running: Agent): Promise<Agent> => {
      running.process.kill('SIGTERM');
      await once(running.process, 'exit');
      return agent.start({ OORT_FAULT: fault });
    };
    const liar = await restarted('reveal-differs', agent);
    const lied = await platform.submitJob({ kind: 'inference', spec, submitter: 'account_1' });
    const { data } = await eventOf(lied.jobId, 'FraudProved');
    expect(data).toMatchObject({ nodeId: agent.nodeId, fraud: 'reveal-differs' });
    expect(provesFraud({ kind: data.fraud, nodeKey: data.nodeKey, first: data.first, second: data.second }, verifySignature)).toBe(true);
    // Of that very attempt: an earlier one may have gone to a node that was killed while it asked for work.
    const failures = (await eventsOf(lied.jobId)).filter((event) => event.type === 'AttemptFailed' && event.data.attempt === data.attempt);
    expect(failures).toMatchObject([{ data: { budget: 'validation' } }]);
    const silent = await restarted('reveal-withheld', liar);
    const withheld = await platform.submitJob({ kind: 'inference', spec, submitter: 'account_1' });
    expect((await eventOf(withheld.jobId, 'RevealMissed')).data).toMatchObject({ nodeId: agent.nodeId, attempt: 1 });
    silent.process.kill('SIGKILL');
  });

  it('resume a killed node\'s training from its checkpoint on another node, and the late one is refused', async () => {
    const examples = Array.from({ length: 40 }, (_, index) => ({ label: labels[index % 2] ?? 'a', mediaType: 'image/png', bytes: digit(index + 1) }));
    const spec: Json = {
      architecture: architectureJson, hyperParameters: { localSteps: 600, batchSize: 32, maximumShift: 0, maximumRotation: 0, maximumScale: 0 },
      seed: 1, round: 0, rounds: 1, worker: 0, workers: 1,
      weightsContentId: await platform.content.put(encodeWeights(initialWeights(architecture, 1))),
      exampleSetContentIds: [await platform.content.put(encodeExampleSet({ labels, examples }))],
    };
    const agents = new Map((await Promise.all([joined('super', 'super-1'), joined('super', 'super-2')])).map((agent) => [agent.nodeId, agent]));
    const { jobId } = await platform.submitJob({ kind: 'training', spec, submitter: 'account_1' });
    const checkpoint = await eventually(async () => (await eventsOf(jobId)).find((event) => event.type === 'AttemptCheckpointed') ?? null);
    const first = agents.get(checkpoint.data.nodeId);
    first?.process.kill('SIGKILL');
    const { nodeId, output } = await resultOf(jobId, 60_000);
    const events = await eventsOf(jobId);
    expect(nodeId).not.toBe(first?.nodeId);
    const types = events.map(({ type }) => type).filter((type) => type !== 'AttemptCheckpointed');
    expect(types.slice(0, 4)).toEqual(['JobSubmitted', 'AttemptLeased', 'AttemptFailed', 'AttemptLeased']);
    expect(types.slice(-2)).toEqual(['JobCompleted', 'ResultRecorded']);
    // On a slow machine a renewal may come too late: then there is another attempt, and still one result.
    expect(types.filter((type) => type === 'JobCompleted')).toHaveLength(1);
    const steps = events.flatMap((event) => (event.type === 'AttemptCheckpointed' ? [event.data.step] : []));
    expect(steps).toEqual([...steps].sort((left, right) => left - right));
    // Run again from its last checkpoint, as an audit does, it ends with the same bytes.
    const last = events.flatMap((event) => (event.type === 'AttemptCheckpointed' ? [event.data] : [])).at(-1);
    const replay = await platform.submitJob({ kind: 'training', spec, submitter: 'account_2', ...(last === undefined ? {} : { checkpoint: last }) });
    const { weightsContentId } = output as { readonly weightsContentId: string };
    expect((await resultOf(replay.jobId, 60_000)).output).toMatchObject({ weightsContentId });
    const late = await platform.ask<{ readonly completeAttempt: Json }>(
      'mutation C($input: CompleteAttemptInput!) { completeAttempt(input: $input) { __typename ... on Refusal { code } } }',
      { input: { jobId, attempt: 1, fencingToken: 1, output: {}, salt: '', resultSignature: '', units: 1, startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:00.000Z' } },
      { kind: 'node', nodeId: first?.nodeId ?? '' });
    expect(late).toEqual({ completeAttempt: { __typename: 'Refusal', code: 'JOB_ENDED' } });
    await eventually(async () => (await nodeOf(first?.nodeId ?? '')).online ? null : true);
    await first?.start();
    await eventually(async () => (await nodeOf(first?.nodeId ?? '')).online ? true : null);
  });
});

async function nodeOf(id: string): Promise<{ readonly online: boolean; readonly status: string }> {
  return (await platform.ask<{ readonly node: { readonly online: boolean; readonly status: string } }>('query N($id: ID!) { node(id: $id) { online status } }', { id }, { kind: 'anonymous' })).node;
}

function deriveUuid(index: number): string {
  return `00000000-0000-5000-8000-${index.toString(16).padStart(12, '0')}`;
}
