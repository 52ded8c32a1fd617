// Where a leased job runs: behind the agent's own walls, or on a provider's cluster. Whoever has work for a node meets this port only.
import type { Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import type { SandboxLevel } from '@oort/schema/job-spec';
import type { Executed, ExecutorPorts } from './executors';

export interface RunOptions extends ExecutorPorts {
  readonly timeoutMs: number;
  /** Of the job; names what belongs to it. */
  readonly jobId?: string;
  /** What the job prints, line by line. */
  log?(line: string): void;
}

export interface ExecutionBackend {
  /** The strongest wall that foreign programs get; with `process` none of them is run. */
  readonly wall: SandboxLevel;
  readonly kinds: readonly JobKind[];
  /** Throws a Fault whose code says what the run was stopped for, or why the job was not taken. */
  run(kind: string, spec: Json, options: RunOptions): Promise<Executed>;
  close(): void;
}
