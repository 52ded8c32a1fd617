// Results that the platform has not taken yet. Each is on disk before it is sent, in one batch with whatever else has
// finished meanwhile, and stays there until the platform has answered, however long the node is offline.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '@oort/kernel-wire';
import type { AgentFault } from './agent-fault';
import { PlatformRejected, type PlatformClient } from './platform-client';
import { readState, writeState } from './state-file';

export interface FinishedAttempt {
  readonly jobId: string;
  readonly attempt: number;
  readonly fencingToken: number;
  readonly output: Json;
  readonly salt: string;
  /** Sent, and kept by the platform, before the output is. */
  readonly commitment: string;
  readonly commitmentSignature: string;
  readonly resultSignature: string;
  readonly units: number;
  readonly startedAt: string;
  readonly endedAt: string;
}

export interface Outbox {
  /** Kept on disk at once, sent soon. */
  add(finished: FinishedAttempt): void;
  /** Whether its result waits here. */
  holds(jobId: string, attempt: number): boolean;
  /** Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface Settled { readonly __typename: string; readonly code?: string; readonly message?: string }

const commitMutation = `mutation Commit($input: CommitAttemptsInput!) {
  commitAttempts(input: $input) { __typename ... on Refusal { code message } }
}`;
const mutation = `mutation Complete($input: CompleteAttemptsInput!) {
  completeAttempts(input: $input) { __typename ... on Refusal { code message } }
}`;
const batchSize = 32;
const retryMs = 1000;

export function openOutbox(directory: string, client: PlatformClient, log: (text: string) => void, fault: AgentFault | null = null): Outbox {
  const folder = join(directory, 'results');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const waiting = new Map<string, FinishedAttempt>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const kept = readState<FinishedAttempt>(join(folder, name));
    // One without a salt was kept by a version before commitments, and nobody takes it any more.
    if (kept?.salt === undefined) rmSync(join(folder, name), { force: true });
    else waiting.set(name, kept);
  }
  let wake: () => void = () => undefined;

  async function sendSome(): Promise<void> {
    const batch = [...waiting].slice(0, batchSize);
    const { commitAttempts } = await client.graphql<{ readonly commitAttempts: readonly Settled[] }>(commitMutation, {
      input: { attempts: batch.map(([, { jobId, attempt, fencingToken, commitment, commitmentSignature: signature }]) => ({ jobId, attempt, fencingToken, commitment, signature })) },
    });
    // One that was taken before, its answer lost, is refused here and accepted there: only there counts.
    if (commitAttempts.length < batch.length) throw new PlatformRejected('a commitment got no answer');
    if (fault?.name === 'reveal-withheld') return batch.forEach(([name]) => { forget(name); });
    const { completeAttempts } = await client.graphql<{ readonly completeAttempts: readonly Settled[] }>(mutation, {
      input: { attempts: batch.map(([, { commitment: _, commitmentSignature: __, ...finished }]) => finished) },
    });
    batch.forEach(([name, { jobId }], index) => {
      const settled = completeAttempts[index];
      if (settled?.__typename === 'Refusal') log(`result of ${jobId} refused: ${settled.code ?? ''} ${settled.message ?? ''}`);
      forget(name);
    });
  }

  function forget(name: string): void {
    waiting.delete(name);
    rmSync(join(folder, name), { force: true });
  }

  const nameOf = (jobId: string, attempt: number): string => `${jobId}.${attempt}.json`;

  return {
    holds: (jobId, attempt) => waiting.has(nameOf(jobId, attempt)),
    add(finished) {
      const name = nameOf(finished.jobId, finished.attempt);
      writeState(join(folder, name), finished);
      waiting.set(name, finished);
      wake();
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake());
      while (!signal.aborted) {
        if (waiting.size === 0) await new Promise<void>((resolve) => { wake = resolve; });
        if (signal.aborted) return;
        try {
          await sendSome();
        } catch (error) {
          log(`results wait: ${error instanceof Error ? error.message : String(error)}`);
          await sleep(error instanceof PlatformRejected ? 5 * retryMs : retryMs, undefined, { signal }).catch(() => undefined);
        }
      }
    },
  };
}
