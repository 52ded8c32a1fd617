// Over real files: what an agent recorded arrives once and in order, whatever happens to the platform, the process and the disk.
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { link, openEnvelope, type ChainHead, type Envelope, type Notice } from '@oort/kernel-telemetry';
import { newDeviceKey } from '@oort/kernel-identity';
import { decodeReading } from '@oort/schema/telemetry/readings';
import type { Topic } from '@oort/schema/telemetry/topics';
import { PlatformUnreachable } from '../platform-client';
import { TelemetryRefused } from './refused';
import { telemetrySender, type TelemetrySender, type TelemetrySenderOptions } from './sender';
import type { Sealed } from './topic-buffer';

const root = mkdtempSync(join(tmpdir(), 'oort-telemetry-'));
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

const key = newDeviceKey();

/** The platform as an agent sees it: it checks the chains as a consumer does. */
class Platform {
  readonly counted: { readonly topic: string; readonly sequence: number; readonly epoch: number; readonly values: readonly string[] }[] = [];
  readonly notices: Notice[] = [];
  readonly heads = new Map<string, ChainHead>();
  delivered = 0;
  answer: (envelopes: readonly Sealed[]) => void = () => undefined;
  nowMs: number | null = null;

  send(envelopes: readonly Sealed[]): Promise<{ readonly platformNowMs: number | null }> {
    try {
      this.answer(envelopes);
    } catch (error) {
      // Half the outages lose the answer and not the envelopes.
      if (error instanceof PlatformUnreachable && error.message === 'no answer') envelopes.forEach((one) => { this.#take(one); });
      return Promise.reject(error instanceof Error ? error : new RangeError());
    }
    envelopes.forEach((one) => { this.#take(one); });
    return Promise.resolve({ platformNowMs: this.nowMs });
  }

  values(topic: Topic): readonly string[] {
    return this.counted.filter((one) => one.topic === topic).flatMap(({ values }) => values);
  }

  #take({ bytes }: Sealed): void {
    this.delivered += 1;
    const envelope: Envelope = openEnvelope(bytes, key.publicKey);
    const next = link(this.heads.get(envelope.topic) ?? [], envelope);
    if (next.kind === 'refused') throw new RangeError(next.rejection);
    if (next.kind === 'redelivered') return;
    this.heads.set(envelope.topic, next.head);
    this.notices.push(...next.notices, ...(envelope.dropped > 0 ? [{ kind: 'dropped', readings: envelope.dropped } as const] : []));
    const { topic, sequence, epoch } = envelope;
    const values = envelope.readings.map((one) => (topic === 'usage' ? decodeReading('usage', one).subjectId : decodeReading('heartbeats', one).endpoint));
    this.counted.push({ topic, sequence, epoch, values });
  }
}

interface Started { readonly sender: TelemetrySender; readonly said: string[]; stop(): Promise<void>; crash(): void }

let count = 0;
const fresh = (): string => join(root, String(count += 1));

function start(platform: Platform, directory: string, options: Partial<TelemetrySenderOptions> = {}): Started {
  const said: string[] = [];
  const sender = telemetrySender({
    directory, nodeId: 'node_1', key, isNewNode: true, lingerMs: 1, firstRetryMs: 1, longestRetryMs: 4, log: (text) => { said.push(text); },
    transport: { send: (envelopes) => platform.send(envelopes), close: () => Promise.resolve() }, ...options,
  });
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  return {
    sender, said, crash: () => { stop.abort(); },
    async stop() {
      stop.abort();
      await running;
      await sender.close();
    },
  };
}

const usage = (sender: TelemetrySender, subjectId: string): Promise<void> => sender.record('usage', { atMs: 1, subjectId, kind: 'inference', units: 1, durationMs: 1 });
const heartbeat = (sender: TelemetrySender, endpoint: string): Promise<void> => sender.record('heartbeats', { atMs: 1, endpoint });
const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `u${from + n}`);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

const away = (): never => { throw new PlatformUnreachable('away'); };

describe('an agent\'s telemetry', () => {
  it('arrives once and in order, in few envelopes, over outages, lost answers and kills', async () => {
    const platform = new Platform();
    const directory = fresh();
    let agent = start(platform, directory);
    const killed: Started[] = [];
    platform.answer = away;
    for (let n = 0; n < 200; n += 1) {
      await usage(agent.sender, `u${n}`);
      if (n % 40 === 20) {
        // As by SIGKILL: nothing is closed, and what was in memory is gone.
        agent.crash();
        killed.push(agent);
        platform.answer = n % 80 === 20 ? () => { throw new PlatformUnreachable('no answer'); } : away;
        agent = start(platform, directory, { isNewNode: false });
        await sleep(10);
      }
    }
    platform.answer = () => undefined;
    await until(() => platform.values('usage').length >= 200);
    for (const one of [agent, ...killed]) await one.stop();
    expect(platform.values('usage')).toEqual(names(0, 200));
    expect(platform.notices).toEqual([]);
    expect(platform.counted.length).toBeLessThan(20);
  });

  it('keeps what was recorded while it could not be sealed, and carries on the chain after a restart', async () => {
    const platform = new Platform();
    const directory = fresh();
    const first = start(platform, directory);
    await usage(first.sender, 'u0');
    await until(() => platform.delivered === 1);
    await first.stop();
    const second = start(platform, directory, { isNewNode: false });
    await usage(second.sender, 'u1');
    await until(() => platform.counted.length === 2);
    await second.stop();
    expect(platform.counted.map(({ sequence, values }) => [sequence, ...values])).toEqual([[0, 'u0'], [1, 'u1']]);
  });

  it('declares a chain of its own after its disk was lost, or only a part of it', async () => {
    const platform = new Platform();
    const directory = fresh();
    let nowMs = 1000;
    const clock = { clockMs: (): number => nowMs, isNewNode: false };
    const lose: readonly (() => void)[] = [
      () => { rmSync(directory, { recursive: true }); },
      () => { writeFileSync(join(directory, 'usage', 'place.json'), '{"seq'); },
      () => { rmSync(join(directory, 'usage', 'log'), { recursive: true }); },
    ];
    for (const [index, damage] of [(): void => undefined, ...lose].entries()) {
      damage();
      nowMs += 1000;
      const agent = start(platform, directory, { ...clock, isNewNode: index === 0 });
      await usage(agent.sender, `u${index}`);
      await until(() => platform.values('usage').includes(`u${index}`));
      await agent.stop();
      expect(agent.said.some((text) => text.includes('a new chain begins'))).toBe(index > 0);
    }
    expect(platform.counted.map(({ epoch, sequence }) => [epoch, sequence])).toEqual([[2000, 0], [3000, 0], [4000, 0], [5000, 0]]);
    const epoch = { kind: 'epoch', reason: 'disk-lost', endedAt: 0 };
    // A log without its place may have been sent or not.
    expect(platform.notices).toEqual([epoch, epoch, { kind: 'dropped', readings: 1 }, epoch]);
    expect(platform.values('usage')).toEqual(names(0, 4));
  });

  it('loses only what no record was acknowledged for when its log is torn', async () => {
    const platform = new Platform();
    const directory = fresh();
    platform.answer = away;
    const first = start(platform, directory);
    for (const name of names(0, 3)) await usage(first.sender, name);
    await first.stop();
    const log = join(directory, 'usage', 'log');
    // Behind the acknowledged ones a fourth that the power cut.
    const path = join(log, readdirSync(log)[0] ?? '');
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    writeFileSync(path, Buffer.of(9, 0, 0, 0, 1, 2), { flag: 'a' });
    platform.answer = () => undefined;
    const second = start(platform, directory, { isNewNode: false });
    await until(() => platform.values('usage').length === 3);
    await second.stop();
    write.mockRestore();
    expect(platform.values('usage')).toEqual(names(0, 3));
    expect(platform.notices).toEqual([]);
    truncateSync(path, 0);
  });

  it('gives heartbeats up before anything else when it is full, says so and tells the platform; never usage', async () => {
    const platform = new Platform();
    platform.answer = away;
    const agent = start(platform, fresh(), { bufferBytes: 20_000 });
    for (let n = 0; n < 400; n += 1) {
      await heartbeat(agent.sender, `http://127.0.0.1:${n}`);
      await usage(agent.sender, `u${n}`);
    }
    platform.answer = () => undefined;
    await heartbeat(agent.sender, 'http://127.0.0.1:1000');
    await until(() => platform.values('usage').length === 400 && platform.values('heartbeats').includes('http://127.0.0.1:1000'));
    await agent.stop();
    expect(platform.values('usage')).toEqual(names(0, 400));
    const dropped = platform.notices.flatMap((notice) => (notice.kind === 'dropped' ? [notice.readings] : []));
    expect(dropped.reduce((sum, readings) => sum + readings, 0) + platform.values('heartbeats').length).toBe(401);
    expect(dropped.length).toBeGreaterThan(0);
    expect(platform.notices.filter(({ kind }) => kind !== 'dropped')).toEqual([]);
    expect(agent.said).toContain('telemetry: the buffer is full; the oldest heartbeats are given up');
  });

  it('sets aside what the platform refuses for good, and goes on', async () => {
    const platform = new Platform();
    platform.answer = (envelopes) => {
      if (envelopes.some(({ topic }) => topic === 'heartbeats')) throw new TelemetryRefused('ENVELOPE_OVERSIZED', 'planned');
    };
    const directory = fresh();
    const agent = start(platform, directory);
    await Promise.all([heartbeat(agent.sender, 'h'), usage(agent.sender, 'u0')]);
    await until(() => agent.said.some((text) => text.includes('set aside')));
    platform.answer = () => undefined;
    await heartbeat(agent.sender, 'i');
    await until(() => platform.values('heartbeats').length > 0);
    await agent.stop();
    expect([platform.values('usage'), platform.values('heartbeats')]).toEqual([['u0'], ['i']]);
    expect(platform.notices).toEqual([{ kind: 'joined', sequence: 1 }]);
    expect(readdirSync(join(directory, 'refused')).length).toBe(1);
  });

  it('goes by the platform\'s clock once its own is seen to be wrong', async () => {
    const platform = new Platform();
    platform.nowMs = 1_000_000;
    const agent = start(platform, fresh(), { clockMs: () => 400_000 });
    await usage(agent.sender, 'u0');
    await until(() => agent.sender.nowMs() === 1_000_000);
    await agent.stop();
    expect(agent.said).toEqual(['telemetry: this machine\'s clock is -600 s off the platform\'s; readings get the platform\'s time']);
  });
});
