// The topics, and what lies in them. The order is the order in which a node whose buffer is full gives readings up.
import type { Json } from '@oort/kernel-wire';

export interface Heartbeat { readonly atMs: number; readonly endpoint: string }

export interface ResourceUsage {
  readonly atMs: number;
  /** Of all its cores, 0 to 1. */
  readonly cpuShare: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly diskFreeBytes: number;
  readonly diskTotalBytes: number;
}

export interface StorageInventory { readonly atMs: number; readonly pieces: number; readonly bytes: number }

export interface JobMetric {
  readonly atMs: number;
  readonly jobId: string;
  readonly attempt: number;
  readonly name: string;
  /** 0 where the job has no steps. */
  readonly step: number;
  readonly value: number;
}

export interface InferenceUsage {
  readonly atMs: number;
  /** A job, or a prediction that was made offline. */
  readonly subjectId: string;
  readonly kind: string;
  readonly units: number;
  readonly durationMs: number;
}

export interface Readings {
  readonly heartbeats: Heartbeat;
  readonly resources: ResourceUsage;
  readonly inventories: StorageInventory;
  readonly metrics: JobMetric;
  readonly usage: InferenceUsage;
}

export type Topic = keyof Readings;

interface TopicTraits {
  /** In readings.proto. */
  readonly message: string;
  /** What a node does with readings when it has no room for more. */
  readonly whenFull: 'give-up-oldest' | 'keep';
  /** One reading, for golden bytes and as documentation. */
  readonly sample: { readonly [field: string]: Json };
}

const atMs = 1_767_225_600_000;

/** The least valuable first: a new heartbeat says what an old one said. */
export const topics = {
  heartbeats: { message: 'Heartbeat', whenFull: 'give-up-oldest', sample: { atMs, endpoint: 'http://127.0.0.1:7001' } },
  resources: {
    message: 'ResourceUsage', whenFull: 'give-up-oldest',
    sample: { atMs, cpuShare: 0.25, memoryUsedBytes: 3_000_000_000, memoryTotalBytes: 16_000_000_000, diskFreeBytes: 100_000_000_000, diskTotalBytes: 500_000_000_000 },
  },
  inventories: { message: 'StorageInventory', whenFull: 'give-up-oldest', sample: { atMs, pieces: 1200, bytes: 78_643_200 } },
  metrics: { message: 'JobMetric', whenFull: 'give-up-oldest', sample: { atMs, jobId: 'job_01', attempt: 1, name: 'loss', step: 300, value: 0.125 } },
  usage: { message: 'InferenceUsage', whenFull: 'keep', sample: { atMs, subjectId: 'job_01', kind: 'inference', units: 8, durationMs: 40 } },
} as const satisfies { readonly [T in Topic]: TopicTraits };

export const topicNames = Object.keys(topics) as readonly Topic[];

export function isTopic(name: string): name is Topic {
  return Object.hasOwn(topics, name);
}
