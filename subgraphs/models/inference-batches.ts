// Calls of one account on one version that come while a few jobs of theirs are under way make up the next one: no call waits for a
// clock, and under load a job carries many rows, which a node answers in one run. Compute's matching decides which node that is.
import { deriveId, newId, type Json } from '@oort/kernel-wire';
import { newJobId, withNonce } from '@oort/schema/job-spec';
import type { ModelsPorts } from './ports';

export interface Call {
  readonly accountId: string;
  readonly versionId: string;
  readonly modelContentId: string;
  readonly values: readonly number[];
}

export interface Placed {
  readonly jobId: string;
  readonly predictionId: string;
  /** To be called once the call was answered, or waits no longer: then the next job may go. */
  done(): void;
}

interface Waiting { readonly call: Call; resolve(placed: Placed): void; reject(error: unknown): void }
interface Queue { readonly waiting: Waiting[]; inFlight: number }

/** Jobs of one account on one version at a time; what comes beyond them gathers. */
const mostInFlight = 4;
const mostRows = 32;
/** So that a job's spec stays well below its limit of 1 MiB. */
const mostValues = 40_000;

/** A job's subject names the prediction of its only row, or those of its rows. */
export function predictionOf(subjectId: string, row: number, rows: number): string {
  return rows === 1 ? subjectId : deriveId('prediction', `${subjectId}/${String(row)}`);
}

export class InferenceBatches {
  private readonly queues = new Map<string, Queue>();

  /** `expect` is told of each prediction before its job is recorded. */
  constructor(private readonly ports: Pick<ModelsPorts, 'submitJob' | 'now'>, private readonly expect: (predictionId: string) => void) {}

  /** Resolves when the call's job is recorded. Rejects as `submitJob` does. */
  place(call: Call): Promise<Placed> {
    return new Promise((resolve, reject) => {
      const key = `${call.accountId}/${call.versionId}`;
      const queue = this.queues.get(key) ?? { waiting: [], inFlight: 0 };
      this.queues.set(key, queue);
      queue.waiting.push({ call, resolve, reject });
      // What comes in the same turn goes together.
      queueMicrotask(() => { this.pump(key, queue); });
    });
  }

  private pump(key: string, queue: Queue): void {
    while (queue.waiting.length > 0 && queue.inFlight < mostInFlight) {
      const rows = Math.min(mostRows, Math.max(1, Math.floor(mostValues / Math.max(1, queue.waiting[0]?.call.values.length ?? 1))));
      queue.inFlight += 1;
      void this.submit(queue.waiting.splice(0, rows), once(() => {
        queue.inFlight -= 1;
        this.pump(key, queue);
      }));
    }
    if (queue.waiting.length === 0 && queue.inFlight === 0) this.queues.delete(key);
  }

  private async submit(batch: readonly Waiting[], done: () => void): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const { accountId, versionId, modelContentId } = first.call;
    const jobId = newJobId(this.ports.now());
    const subjectId = newId('prediction', this.ports.now());
    const input: Json = batch.map(({ call }) => call.values);
    const placed = batch.map((_, row): Placed => ({ jobId, predictionId: predictionOf(subjectId, row, batch.length), done }));
    for (const { predictionId } of placed) this.expect(predictionId);
    try {
      await this.ports.submitJob({ jobId, kind: 'inference', submitter: accountId, subject: { kind: 'inference', id: subjectId }, spec: withNonce('inference', { modelContentId, versionId, input }) });
      batch.forEach(({ resolve }, row) => { resolve(placed[row] ?? { jobId, predictionId: subjectId, done }); });
    } catch (error) {
      done();
      for (const { reject } of batch) reject(error);
    }
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
