// A lane against a platform that is played: leases, restarts, lost networks, lost leases.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newDeviceKey } from '@oort/kernel-identity';
import { Fault, type Json } from '@oort/kernel-wire';
import type { ExecutionBackend, RunOptions } from './execution-backend';
import type { Executed } from './executors';
import type { FinishedAttempt } from './outbox';
import { PlatformUnreachable, type PlatformClient } from './platform-client';
import { readState } from './state-file';
import type { TelemetrySender } from './telemetry/sender';
import { answerSigner } from './signing';
import { workLane, type Lane, type WorkPorts } from './work-loop';

const directory = mkdtempSync(join(tmpdir(), 'oort-lane-'));
afterAll(() => { rmSync(directory, { recursive: true }); });

const lane: Lane = { kinds: ['inference'], max: 4, parallel: 1, timeoutMs: 1000 };
const lease = (jobId: string) => ({ jobId, kind: 'inference', attempt: 1, fencingToken: 1, spec: { jobId }, checkpoint: null });

type Answer = (field: string, input: Readonly<Record<string, Json>>) => Json;
interface Played { readonly ports: WorkPorts; readonly finished: FinishedAttempt[]; readonly asked: string[]; readonly said: string[]; readonly failures: Json[] }

let files = 0;
/** `answer` gives what a mutation returns, or throws. */
function played(answer: Answer, run: (jobId: string, options: RunOptions) => Promise<Executed>, leaseFile = join(directory, `${files += 1}.json`)): Played {
  const [finished, asked, said, failures]: [FinishedAttempt[], string[], string[], Json[]] = [[], [], [], []];
  const client = {
    now: () => new Date(),
    async graphql(document: string, { input }: { readonly input: Readonly<Record<string, Json>> }) {
      const [, field = ''] = /\{\s*(\w+)\(/.exec(document) ?? [];
      asked.push(field);
      if (field === 'failAttempt') failures.push(input);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
      return { [field]: answer(field, input) };
    },
    fetchContent: () => Promise.resolve(Buffer.alloc(0)), storeContent: () => Promise.resolve('b'),
  } as unknown as PlatformClient;
  const backend: ExecutionBackend = { wall: 'bubblewrap', kinds: ['inference'], close: () => undefined, run: (_, spec, options) => run((spec as { readonly jobId: string }).jobId, options) };
  const telemetry = { nowMs: () => 0, record: () => Promise.resolve() } as unknown as TelemetrySender;
  return {
    finished, asked, said, failures,
    ports: {
      sign: answerSigner({ nodeId: 'node_1', kind: 'super', operator: '0x', key: newDeviceKey(), platformPublicKey: '' }, client, null), client, backend, gpu: false, telemetry, fault: null, checkpointEveryMs: 1000, leaseFile,
      outbox: { holds: (jobId) => jobId === 'sent', add: (one) => { finished.push(one); }, run: () => Promise.resolve() }, fetchCached: () => Promise.resolve(Buffer.alloc(0)), log: (text) => { said.push(text); },
    },
  };
}

const offering = (leases: readonly object[]): Answer => {
  let left = leases;
  return (field, input) => {
    if (field === 'leaseWork') {
      const given = input['max'] === 0 ? [] : left;
      left = left.slice(given.length);
      return { __typename: 'WorkOffer', leaseTtlMs: 60, leases: given } as unknown as Json;
    }
    return field === 'renewLeases' ? (input['leases'] as Json[]).map(() => ({ __typename: 'RenewedLease' })) : { __typename: 'AttemptAccepted' };
  };
};
const done: Executed = { output: { answer: 42 }, units: 1 };
const never = (_: string, { signal }: RunOptions): Promise<Executed> => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Fault('STOPPED', 'stopped')); }); });

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => { setTimeout(resolve, 5); });
}

describe('a lane of work', () => {
  it('runs what it is given, says what it offers, and takes its last question back', async () => {
    const stop = new AbortController();
    const { ports, finished, asked } = played(offering([lease('a'), lease('b')]), () => Promise.resolve(done));
    const working = workLane(lane, ports, stop.signal);
    await until(() => finished.length === 2);
    stop.abort();
    await working;
    expect(finished.map(({ jobId }) => jobId)).toEqual(['a', 'b']);
    expect(asked.at(-1)).toBe('leaseWork');
    expect(readState(ports.leaseFile)).toMatchObject({ leases: [] });
  });

  it('goes on with its leases after a restart: those that the platform still knows and whose result is not in the outbox', async () => {
    const first = new AbortController();
    const before = played(offering([lease('a'), lease('b'), lease('sent')]), never);
    const working = workLane(lane, before.ports, first.signal);
    await until(() => existsSync(before.ports.leaseFile));
    first.abort();
    await working;
    expect(before.failures).toEqual([]);
    const second = new AbortController();
    const after = played((field, input) => field !== 'renewLeases' ? offering([])(field, input)
      : (input['leases'] as { readonly jobId: string }[]).map(({ jobId }) => ({ __typename: jobId !== 'b' ? 'RenewedLease' : 'Refusal' })), () => Promise.resolve(done), before.ports.leaseFile);
    const again = workLane(lane, after.ports, second.signal);
    await until(() => after.finished.length === 1);
    second.abort();
    await again;
    expect(after.finished.map(({ jobId }) => jobId)).toEqual(['a']);
    expect(after.said.join()).toContain('goes on with 1 of 2 leases');
  });

  it('works on without a network, and hands its result to the outbox', async () => {
    const stop = new AbortController();
    let away = false;
    const offer = offering([lease('a')]);
    const { ports, finished, said } = played((field, input) => {
      if (away) throw new PlatformUnreachable('away');
      return offer(field, input);
    }, async () => {
      away = true;
      await new Promise((resolve) => { setTimeout(resolve, 80); });
      return done;
    });
    const working = workLane(lane, ports, stop.signal);
    await until(() => finished.length === 1);
    stop.abort();
    await working;
    expect(said.join()).toContain('leases not renewed: away');
  });

  it('stops a run whose lease is another\'s, and calls it nobody\'s failure', async () => {
    const stop = new AbortController();
    const offer = offering([lease('a')]);
    const { ports, said, failures } = played((field, input) => (field === 'renewLeases' ? [{ __typename: 'Refusal' }] : offer(field, input)), never);
    const working = workLane(lane, ports, stop.signal);
    await until(() => said.join().includes('lease of a is lost'));
    stop.abort();
    await working;
    expect(failures).toEqual([]);
  });

  it.each([['TIME_LIMIT', 'application'], ['NO_WALL', 'infrastructure'], ['CONTENT_UNAVAILABLE', 'infrastructure']])('tells an end by %s to the budget of %s', async (code, budget) => {
    const stop = new AbortController();
    const { ports, failures } = played(offering([lease('a')]), () => Promise.reject(new Fault(code, 'because')));
    const working = workLane(lane, ports, stop.signal);
    await until(() => failures.length === 1);
    stop.abort();
    await working;
    expect(failures).toMatchObject([{ jobId: 'a', budget, reason: 'because' }]);
  });
});
