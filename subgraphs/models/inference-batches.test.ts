import { InferenceBatches, type Call, type Placed } from './inference-batches';
import type { RequestedJob } from './ports';

function world(fails = false): { batches: InferenceBatches; jobs: RequestedJob[]; expected: string[] } {
  const jobs: RequestedJob[] = [];
  const expected: string[] = [];
  const submitJob = (job: RequestedJob): Promise<void> => {
    jobs.push(job);
    return fails ? Promise.reject(new Error('refused')) : Promise.resolve();
  };
  return { batches: new InferenceBatches({ submitJob, now: () => new Date() }, (id) => { expected.push(id); }), jobs, expected };
}

const call = (value: number, accountId = 'ann', values = [value]): Call => ({ accountId, versionId: 'version_1', modelContentId: 'm', values });
const rowsOf = (jobs: readonly RequestedJob[]): readonly number[] => jobs.map(({ spec }) => (spec as { input: unknown[] }).input.length);
/** Calls that come one after another, as over a network. */
async function place(batches: InferenceBatches, ...calls: readonly Call[]): Promise<Promise<Placed>[]> {
  const placed: Promise<Placed>[] = [];
  for (const each of calls) {
    placed.push(batches.place(each));
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  return placed;
}

describe('batches of inference', () => {
  it('go at once while few are under way, and gather after that', async () => {
    const { batches, jobs, expected } = world();
    const placed = await place(batches, ...Array.from({ length: 10 }, (_, value) => call(value)));
    expect(rowsOf(jobs)).toEqual([1, 1, 1, 1]);
    (await placed[0])?.done();
    (await placed[0])?.done();
    const all = await Promise.all(placed);
    expect(rowsOf(jobs)).toEqual([1, 1, 1, 1, 6]);
    expect(new Set(all.map(({ predictionId }) => predictionId)).size).toBe(10);
    expect(expected).toEqual(all.map(({ predictionId }) => predictionId));
    expect((jobs[4]?.spec as { input: number[][] }).input).toEqual([[4], [5], [6], [7], [8], [9]]);
  });

  it('keep accounts apart, and large inputs few', async () => {
    const { batches, jobs } = world();
    await Promise.all([batches.place(call(1)), batches.place(call(1, 'bob'))]);
    expect(jobs.map(({ submitter }) => submitter)).toEqual(['ann', 'bob']);
    const large = Array<number>(15_000).fill(0);
    await Promise.all(Array.from({ length: 4 }, (_, value) => batches.place(call(value, 'cid', large))));
    expect(rowsOf(jobs).slice(2)).toEqual([2, 2]);
  });

  it('fail together, and do not stand in the way of the next', async () => {
    const { batches, jobs } = world(true);
    for (let round = 0; round < 6; round += 1) await expect(batches.place(call(round))).rejects.toThrow('refused');
    expect(jobs).toHaveLength(6);
  });
});
