// What serving adds to a bare onnxruntime-node call, in one process on one node. Both take turns in the same run, so that a busy
// machine is busy for both.
import * as onnx from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import type { Json } from '@oort/kernel-wire';
import { runInference } from '@oort/node-agents-agent/inference';
import { deterministic, OpenModel, type NamedTensor } from '@oort/node-agents-model';
import { figure, type Figure } from './figure';
import { drawDigits, installPublicModels, lineFeeds, publicFile, voiceFeeds } from './public-models';

const architecture = readArchitecture({
  input: [1, 28, 28], labels: Array.from({ length: 10 }, (_, digit) => String(digit)),
  layers: [
    { kind: 'conv2d', filters: 16, kernel: 5, padding: 2 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 },
    { kind: 'conv2d', filters: 32, kernel: 5 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'dense', units: 10 },
  ],
});
const pixels = 784;
const batch = 32;
const turns = 400;
/** Enough callers that the next batch is full when the one before it ends. */
const callers = 2 * batch;

type Work = () => Promise<unknown>;

export async function inferenceFigures(): Promise<readonly Figure[]> {
  const file = inferenceModel(architecture, initialWeights(architecture, 1));
  const session = await onnx.InferenceSession.create(file, deterministic);
  const model = await OpenModel.open(onnx, file);
  const rows = Array.from({ length: callers }, (_, row) => Float32Array.from({ length: pixels }, (__, place) => ((row + place) % 17) / 17));
  const bare = (count: number): Work => {
    const values = new Float32Array(count * pixels);
    rows.slice(0, count).forEach((row, index) => { values.set(row, index * pixels); });
    const tensor = new onnx.Tensor('float32', values, [count, 1, 28, 28]);
    return () => session.run({ image: tensor }, ['logits']);
  };
  const [one, many] = [rows.slice(0, 1), rows.slice(0, batch)].map((some) => some.map((row) => Array.from(row)));
  const modelContentId = contentIdOf(file);
  const job = (input: Json): Work => () => runInference({ modelContentId, input }, portsOver(file));
  const figures = [
    await added('inference: one row, served, beyond the bare call', () => model.infer(rows[0] ?? new Float32Array()), bare(1)),
    await added('inference: one row, as a job, beyond the bare call', job(one ?? []), bare(1)),
    await throughput('inference: rows a second of many callers, in shared runs', (until) => callersUntil(model, rows, until), bare(batch)),
    await throughput(`inference: rows a second of jobs of ${String(batch)}`, (until) => repeatedUntil(job(many ?? []), until), bare(batch)),
  ];
  await model.release();
  await session.release();
  return [...figures, ...await publicFigures()];
}

/** Median milliseconds beyond the peer's. */
async function added(name: string, ours: Work, bare: Work, aimed = true): Promise<Figure> {
  const times: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let turn = -20; turn < turns; turn += 1) {
    for (const [who, work] of [['ours', ours], ['bare', bare]] as const) {
      const startedAt = performance.now();
      await work();
      if (turn >= 0) times[who].push(performance.now() - startedAt);
    }
  }
  return figure({
    name: `${name} of ${medianOf(times.bare).toFixed(3)} ms`, unit: 'ms', better: 'lower', ours: Math.max(0, medianOf(times.ours) - medianOf(times.bare)),
    ...(aimed ? { aim: { kind: 'absolute', value: 1 } as const } : {}),
  });
}

const sliceMs = 250;
const slices = 8;

/** Rows a second in slices of time that alternate; the median slice of each. */
async function throughput(name: string, ours: (until: number) => Promise<number>, bare: Work): Promise<Figure> {
  const speeds: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let slice = -1; slice < slices; slice += 1) {
    for (const [who, work] of [['ours', ours], ['bare', (until: number) => repeatedUntil(bare, until)]] as const) {
      const startedAt = performance.now();
      const done = await work(startedAt + sliceMs);
      if (slice >= 0) speeds[who].push((done * 1000) / (performance.now() - startedAt));
    }
  }
  return figure({
    name, unit: 'rows/s', better: 'higher', ours: medianOf(speeds.ours), peer: { name: `bare onnxruntime-node, batches of ${String(batch)}`, value: medianOf(speeds.bare) },
    aim: { kind: 'ratio', value: 0.9 },
  });
}

async function repeatedUntil(work: Work, until: number): Promise<number> {
  let done = 0;
  for (; performance.now() < until; done += batch) await work();
  return done;
}

async function callersUntil(model: OpenModel, rows: readonly Float32Array[], until: number): Promise<number> {
  let done = 0;
  await Promise.all(rows.map(async (row) => {
    while (performance.now() < until) {
      await model.infer(row);
      done += 1;
    }
  }));
  return done;
}

/** Models of others, served in the same way, and through the same job. An answer of a hundred thousand numbers is expensive as JSON,
 *  so the job has no aim there. */
async function publicFigures(): Promise<readonly Figure[]> {
  if (!installPublicModels()) return [];
  const { pixels: line, width } = drawDigits('2047');
  const cases = [['Silero VAD', voiceFeeds(new Float32Array(512))], ['PP-OCR recognition', lineFeeds(line, width)]] as const;
  const figures: Figure[] = [];
  for (const [name, feeds] of cases) {
    const file = publicFile(name);
    const session = await onnx.InferenceSession.create(file, deterministic);
    const tensors = Object.fromEntries(feeds.map((feed) => [feed.name, bareTensor(feed)]));
    const model = await OpenModel.open(onnx, file);
    const spec: Json = { modelContentId: contentIdOf(file), feeds: feeds as unknown as Json };
    const bare: Work = () => session.run(tensors);
    figures.push(await added(`inference: ${name}, served, beyond the bare call`, () => model.run(feeds), bare));
    figures.push(await added(`inference: ${name}, as a job, beyond the bare call`, () => runInference(spec, portsOver(file)), bare, false));
    await model.release();
    await session.release();
  }
  return figures;
}

function bareTensor({ type, dims, values }: NamedTensor): onnx.Tensor {
  return type === 'int64' ? new onnx.Tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), dims) : new onnx.Tensor('float32', Float32Array.from(values), dims);
}

function portsOver(file: Buffer): Parameters<typeof runInference>[1] {
  return {
    fetchContent: () => Promise.resolve(file), storeContent: () => Promise.resolve(''), checkpoint: () => Promise.resolve(), resume: null,
    signal: new AbortController().signal, checkpointEveryMs: 1000,
  };
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
