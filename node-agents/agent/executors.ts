// Kind of job -> what runs it. This is the inside of the sandbox: nothing here knows the network, the disk or the node's key.
import { Fault, type Json } from '@oort/kernel-wire';
import { runBenchmark } from './benchmark';
import { runEvaluation } from './evaluation';
import { runInference } from './inference';
import { runPreprocess } from './preprocess';
import { runTraining } from './training';

export interface ExecutorPorts {
  /** Resolves with bytes that hash to the content id. */
  fetchContent(contentId: string): Promise<Buffer>;
  /** Resolves with the content id once the bytes are durable. */
  storeContent(bytes: Buffer): Promise<string>;
  checkpoint(step: number, bytes: Buffer): Promise<void>;
  /** The newest checkpoint of the job, from whichever node. */
  readonly resume: Buffer | null;
  readonly signal: AbortSignal;
  /** Milliseconds between checkpoints of a long run. */
  readonly checkpointEveryMs: number;
}

export interface Executed { readonly output: Json; readonly units: number }

export type SandboxedKind = 'preprocess' | 'inference' | 'evaluation' | 'training' | 'benchmark';

const executors: Readonly<Record<SandboxedKind, (spec: Json, ports: ExecutorPorts) => Promise<Executed>>> = {
  preprocess: runPreprocess, inference: runInference, evaluation: runEvaluation, training: runTraining, benchmark: runBenchmark,
};

export function execute(kind: string, spec: Json, ports: ExecutorPorts): Promise<Executed> {
  const executor = (executors as Readonly<Record<string, (typeof executors)[SandboxedKind] | undefined>>)[kind];
  if (executor === undefined) throw new Fault('KIND_NOT_SERVED', `this agent does not run ${kind}`);
  return executor(spec, ports);
}
