import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { SeededRandom } from '@oort/algorithms-random';
import { decodeWeights, encodeExampleSet, encodeWeights, inferenceModel, initialWeights, readArchitecture, type Example } from '@oort/algorithms-training';
import type { Json } from '@oort/kernel-wire';
import { runEvaluation } from './evaluation';
import { runTraining, TrainingAborted, type TrainingPorts } from './training';

const labels = ['left', 'right'];
const architectureJson = {
  input: [1, 8, 8], labels,
  layers: [{ kind: 'conv2d', filters: 4, kernel: 3, padding: 1 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'dense', units: 2 }],
};
const architecture = readArchitecture(architectureJson);

const normalised: Json = {
  input: [1, 8, 8], labels,
  layers: [
    { kind: 'conv2d', filters: 4, kernel: 3 }, { kind: 'batch-norm' }, { kind: 'gelu' }, { kind: 'average-pool', size: 2 }, { kind: 'flatten' },
    { kind: 'dense', units: 8 }, { kind: 'layer-norm' }, { kind: 'relu' }, { kind: 'dense', units: 2 },
  ],
};

/** Bright on one side, noise everywhere. */
function example(label: string, random: SeededRandom): Example {
  const image = new PNG({ width: 8, height: 8 });
  for (let index = 0; index < 64; index += 1) {
    const bright = (index % 8 < 4) === (label === 'left') ? 120 : 0;
    image.data.fill(bright + random.below(120), index * 4, index * 4 + 3);
    image.data[index * 4 + 3] = 255;
  }
  return { label, mediaType: 'image/png', bytes: PNG.sync.write(image) };
}

function world(): { ports: TrainingPorts; spec: Json; contents: Map<string, Buffer>; checkpoints: [number, Buffer][]; store(bytes: Buffer): string } {
  const contents = new Map<string, Buffer>();
  const checkpoints: [number, Buffer][] = [];
  const store = (bytes: Buffer): string => {
    const id = createHash('sha256').update(bytes).digest('hex');
    contents.set(id, bytes);
    return id;
  };
  const random = new SeededRandom(4);
  const examples = Array.from({ length: 30 }, (_, index) => example(labels[index % 2] ?? '', random));
  const spec = {
    architecture: architectureJson, hyperParameters: { batchSize: 8, localSteps: 30, maximumRotation: 0, maximumShift: 0.5 },
    seed: 3, round: 0, rounds: 1, worker: 0, workers: 2,
    weightsContentId: store(encodeWeights(initialWeights(architecture, 3))), exampleSetContentIds: [store(encodeExampleSet({ labels, examples }))],
  };
  const ports: TrainingPorts = {
    fetchContent: (id) => Promise.resolve(contents.get(id) ?? Buffer.alloc(0)),
    storeContent: (bytes) => Promise.resolve(store(bytes)),
    checkpoint: (step, bytes) => { checkpoints.push([step, bytes]); return Promise.resolve(); },
    resume: null, signal: new AbortController().signal, firstCheckpointMs: 0,
  };
  return { ports, spec, contents, checkpoints, store };
}

describe('a training job', () => {
  it('learns, and its exported model is marked by an evaluation job', async () => {
    const { ports, spec, contents, store } = world();
    const { output, units } = await runTraining(spec, ports);
    const { weightsContentId, examples } = output as { weightsContentId: string; examples: number };
    expect([examples, units]).toEqual([15, 2]);
    const { weights } = decodeWeights(contents.get(weightsContentId) ?? Buffer.alloc(0));
    const modelContentId = store(inferenceModel(architecture, weights));
    const { exampleSetContentIds } = spec as { exampleSetContentIds: string[] };
    const marked = await runEvaluation({ modelContentId, exampleSetContentIds }, ports);
    expect(marked.output).toMatchObject({ examples: 30, accuracy: 1, labels, confusion: [[15, 0], [0, 15]] });
  });

  it.each([
    ['sgd', architectureJson, {}],
    ['Adam and normalisation', normalised, { optimiser: 'adam', learningRate: 0.003, maximumGradientNorm: 1 }],
  ])('resumed from any checkpoint ends with the same bytes and the same metrics: %s', async (_, design, hyperParameters) => {
    const { ports, spec: plain, checkpoints, store } = world();
    const fields = plain as Record<string, Json>;
    const spec: Json = {
      ...fields, architecture: design, hyperParameters: { ...fields['hyperParameters'] as Record<string, Json>, ...hyperParameters },
      weightsContentId: store(encodeWeights(initialWeights(readArchitecture(design), 3))),
    };
    const whole = await runTraining(spec, ports);
    expect(checkpoints.map(([step]) => step)).toContain(17);
    for (const [step, bytes] of checkpoints.slice()) {
      if (step % 8 === 1) expect(await runTraining(spec, { ...ports, resume: bytes })).toEqual(whole);
    }
  });

  it('learns to tell texts apart, through an embedding and attention', async () => {
    const { ports, contents, store } = world();
    const random = new SeededRandom(8);
    const examples = Array.from({ length: 40 }, (_, index): Example => {
      const letters = Array.from({ length: 6 }, () => 'bcd'.charAt(random.below(3)));
      letters[random.below(6)] = index % 2 === 0 ? 'x' : 'y';
      return { label: labels[index % 2] ?? '', mediaType: 'text/plain', bytes: Buffer.from(letters.join('')) };
    });
    const design: Json = { input: [8], labels, layers: [
      { kind: 'embedding', vocabulary: 257, width: 8 }, { kind: 'attention', heads: 2, residual: true }, { kind: 'layer-norm' }, { kind: 'mean' }, { kind: 'dense', units: 2 },
    ] };
    const exampleSetContentIds = [store(encodeExampleSet({ labels, examples }))];
    const { output } = await runTraining({
      architecture: design, hyperParameters: { optimiser: 'adam', learningRate: 0.02, batchSize: 8, localSteps: 80 }, seed: 3, round: 0, rounds: 1, worker: 0, workers: 1,
      weightsContentId: store(encodeWeights(initialWeights(readArchitecture(design), 3))), exampleSetContentIds,
    }, ports);
    const { weights } = decodeWeights(contents.get((output as { weightsContentId: string }).weightsContentId) ?? Buffer.alloc(0));
    const modelContentId = store(inferenceModel(readArchitecture(design), weights));
    expect((await runEvaluation({ modelContentId, exampleSetContentIds }, ports)).output).toMatchObject({ examples: 40, accuracy: 1 });
  });

  it('measures examples that it held out, and tells its losses on the way', async () => {
    const { ports, spec } = world();
    const fields = spec as Record<string, Json>;
    const hyperParameters = { ...fields['hyperParameters'] as Record<string, Json>, validationShare: 0.2 };
    const { output } = await runTraining({ ...fields, hyperParameters }, ports);
    const { examples, metrics } = output as { examples: number; metrics: { validationLoss: number; validationAccuracy: number; loss: number; losses: [number, number][] } };
    expect(examples).toBe(12);
    expect(metrics).toMatchObject({ validationAccuracy: 1 });
    expect(metrics.validationLoss).toBeLessThan(metrics.loss);
    expect(metrics.losses.map(([step]) => step)).toEqual(Array.from({ length: 30 }, (_, step) => step + 1));
    expect(metrics.losses.reduce((sum, [, loss]) => sum + loss, 0) / 30).toBeCloseTo(metrics.loss, 6);
  });

  it('killed in the middle and started again in another process, ends with the same bytes', async () => {
    const { spec: plain, contents } = world();
    const fields = plain as Record<string, Json>;
    const spec: Json = { ...fields, hyperParameters: { ...fields['hyperParameters'] as Record<string, Json>, optimiser: 'adam', localSteps: 400 } };
    const folder = mkdtempSync(join(tmpdir(), 'oort-training-'));
    writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
    for (const [id, bytes] of contents) writeFileSync(join(folder, id), bytes);
    const start = (ending: string): ChildProcess =>
      spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'fixture-training-process.ts'), folder, ending], { stdio: ['ignore', 'pipe', 'inherit'] });
    const killed = start('killed.json');
    await new Promise<void>((resolve) => { killed.stdout?.once('data', () => { killed.kill('SIGKILL'); }); killed.once('exit', () => { resolve(); }); });
    expect(existsSync(join(folder, 'killed.json'))).toBe(false);
    await once(start('resumed.json'), 'exit');
    rmSync(join(folder, 'checkpoint'));
    await once(start('whole.json'), 'exit');
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect(read('resumed.json')).toBe(read('whole.json'));
    rmSync(folder, { recursive: true });
  });

  it('refuses the checkpoint of another job', async () => {
    const { ports, spec, checkpoints } = world();
    await runTraining(spec, ports);
    const other = { ...(spec as Record<string, Json>), seed: 4 };
    await expect(runTraining(other, { ...ports, resume: checkpoints[0]?.[1] ?? null })).rejects.toMatchObject({ code: 'WEIGHTS_CORRUPT' });
  });

  it('stops when it is told to', async () => {
    const { ports, spec } = world();
    await expect(runTraining(spec, { ...ports, signal: AbortSignal.abort() })).rejects.toBeInstanceOf(TrainingAborted);
  });

  it('refuses weights that do not fit and content that is not an example set', async () => {
    const { ports, spec, store } = world();
    const fields = spec as Record<string, Json>;
    await expect(runTraining({ ...fields, weightsContentId: store(encodeWeights(new Map())) }, ports)).rejects.toMatchObject({ code: 'WEIGHTS_CORRUPT' });
    await expect(runTraining({ ...fields, exampleSetContentIds: [store(Buffer.from('{}'))] }, ports)).rejects.toMatchObject({ code: 'EXAMPLE_SET_CORRUPT' });
  });
});
