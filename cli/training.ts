// `oort training`: how a run goes, in a terminal.
import { writeFileSync } from 'node:fs';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { lossPlotText, lossSeries, readHyperParameters } from '@oort/algorithms-training';
import { Fault, type Json } from '@oort/kernel-wire';
import { queryPlatform } from './query-platform';
import { readOptions, required, UsageRefused } from './usage';

interface Run {
  readonly status: string; readonly failure: string | null; readonly hyperParameters: Json; readonly plot: string;
  readonly completedRounds: readonly { readonly metrics: Json }[];
}

interface Progress {
  readonly kind: 'CHECKPOINT' | 'WORKER' | 'ROUND' | 'ENDED'; readonly round: number | null; readonly worker: number | null; readonly step: number | null;
  readonly loss: number | null; readonly accuracy: number | null; readonly validationLoss: number | null; readonly failure: string | null;
}

const options = { platform: { type: 'string', default: 'http://127.0.0.1:4000' }, svg: { type: 'string' } } as const;
const runQuery = 'query Run($id: ID!) { trainingRun(id: $id) { status failure hyperParameters plot completedRounds { metrics } } }';
const progressQuery = 'subscription Progress($id: ID!) { trainingProgress(runId: $id) { kind round worker step loss accuracy validationLoss failure } }';

/** The plot of a run's losses; with --svg as a picture, too. */
export async function plotTraining(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, options);
  const run = await readRun(values.platform, required(positionals[0], 'the run\'s id'));
  if (values.svg !== undefined) writeFileSync(values.svg, run.plot);
  const series = lossSeries(run.completedRounds.map(({ metrics }) => metrics), readHyperParameters(run.hyperParameters).localSteps);
  process.stdout.write(`${lossPlotText(series)}${run.status.toLowerCase()}${run.failure === null ? '' : `: ${run.failure}`}\n`);
}

/** A line for each step forward until the run has ended, then its plot. */
export async function watchTraining(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, options);
  const id = required(positionals[0], 'the run\'s id');
  await readRun(values.platform, id);
  const client = createClient({ url: `${values.platform.replace(/^http/, 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 3 });
  for await (const { data, errors } of client.iterate<{ readonly trainingProgress: Progress }>({ query: progressQuery, variables: { id } })) {
    if (errors !== undefined) throw new Fault('PROGRESS_REFUSED', errors.map(({ message }) => message).join('; '));
    if (data != null) process.stdout.write(`${progressLine(data.trainingProgress)}\n`);
  }
  await client.dispose();
  await plotTraining(commandLine);
}

async function readRun(platform: string, id: string): Promise<Run> {
  const { trainingRun } = await queryPlatform<{ readonly trainingRun: Run | null }>(platform, runQuery, { id });
  if (trainingRun === null) throw new UsageRefused(`there is no training run ${id}`);
  return trainingRun;
}

export function progressLine({ kind, round, worker, step, loss, accuracy, validationLoss, failure }: Progress): string {
  const numbers = [['loss', loss], ['held out', validationLoss], ['accuracy', accuracy]] as const;
  const said = numbers.flatMap(([name, value]) => (value === null ? [] : `${name} ${value.toPrecision(4)}`)).join(', ');
  switch (kind) {
    case 'CHECKPOINT': return `round ${String(round)} worker ${String(worker)} step ${String(step)}: ${said}`;
    case 'WORKER': return `round ${String(round)} worker ${String(worker)} done: ${said}`;
    case 'ROUND': return `round ${String(round)} averaged: ${said}`;
    case 'ENDED': return failure === null ? `completed: ${said === '' ? 'not marked' : said}` : `failed: ${failure}`;
  }
}
