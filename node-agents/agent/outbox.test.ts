import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@oort/kernel-wire';
import { openOutbox, type FinishedAttempt } from './outbox';
import { PlatformUnreachable, type PlatformClient } from './platform-client';

const directory = mkdtempSync(join(tmpdir(), 'oort-outbox-'));
afterAll(() => { rmSync(directory, { recursive: true }); });

const finished = (jobId: string): FinishedAttempt => ({
  jobId, attempt: 1, fencingToken: 1, output: { answer: 42 }, salt: '01', commitment: 'cc', commitmentSignature: 'dd', resultSignature: 'aa', units: 1, startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:01.000Z',
});

describe('the outbox', () => {
  it('keeps results over a restart while the platform is away, commits to each, and sends each until it is answered', async () => {
    const sent: string[][] = [];
    let away = true;
    const committed: string[] = [];
    const graphql = <T>(query: string, { input }: { readonly [name: string]: Json }): Promise<T> => {
      if (away) return Promise.reject(new PlatformUnreachable('away'));
      const { attempts } = input as unknown as { readonly attempts: readonly FinishedAttempt[] };
      if (query.includes('commitAttempts')) {
        committed.push(...attempts.map(({ jobId }) => jobId));
        return Promise.resolve({ commitAttempts: attempts.map(() => ({ __typename: 'AttemptAccepted' })) } as T);
      }
      expect(committed).toEqual(expect.arrayContaining(attempts.map(({ jobId }) => jobId)));
      sent.push(attempts.map(({ jobId }) => jobId));
      return Promise.resolve({ completeAttempts: attempts.map(({ jobId }) => ({ __typename: jobId === 'b' ? 'Refusal' : 'AttemptAccepted', code: 'STALE_FENCING_TOKEN' })) } as T);
    };
    const client = { graphql } as unknown as PlatformClient;
    const said: string[] = [];
    const first = new AbortController();
    const before = openOutbox(directory, client, () => undefined);
    const running = before.run(first.signal);
    before.add(finished('a'));
    before.add(finished('b'));
    first.abort();
    await running;
    expect(readdirSync(join(directory, 'results')).sort()).toEqual(['a.1.json', 'b.1.json']);
    away = false;
    const second = new AbortController();
    const after = openOutbox(directory, client, (text) => said.push(text));
    const again = after.run(second.signal);
    after.add(finished('c'));
    while (readdirSync(join(directory, 'results')).length > 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
    second.abort();
    await again;
    expect(sent.flat().sort()).toEqual(['a', 'b', 'c']);
    expect(said.join()).toContain('STALE_FENCING_TOKEN');
  });
});
