// Containers on a provider's own cluster: the second adapter of ExecutionBackend. It speaks to the cluster through the official
// client, puts the image into the site's registry, follows the pod, and names its end as the agent's own walls would.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiException, BatchV1Api, CoreV1Api, NetworkingV1Api, type KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { artifactsRoot, type Artifact } from '@oort/node-agents-agent/enclosure/artifacts';
import { JobExited, JobStopped } from '@oort/node-agents-agent/enclosure/limits';
import { readTar } from '@oort/node-agents-agent/enclosure/tar';
import type { ExecutionBackend, RunOptions } from '@oort/node-agents-agent/execution-backend';
import type { Executed } from '@oort/node-agents-agent/executors';
import { Fault, messageOf, type Json } from '@oort/kernel-wire';
import { termsOf } from '@oort/schema/job-spec';
import { collectorContainer, inputSecrets, jobContainer, jobManifest, label, noNetwork } from './manifest';
import { pushImage } from './registry';

export interface KubernetesOptions {
  readonly config: KubeConfig;
  readonly namespace: string;
  /** http(s)://host[:port], from which the cluster pulls. */
  readonly registry: string;
  /** With sh, tar and base64: busybox will do. */
  readonly collectorImage: string;
  readonly pollMs?: number;
}

export class ClusterUnavailable extends Fault {
  constructor(message: string) { super('CLUSTER_UNAVAILABLE', message); }
}

interface ContainerSpec {
  readonly imageContentId: string; readonly command?: readonly string[]; readonly environment?: Readonly<Record<string, string>>;
  readonly inputs?: readonly { readonly path: string; readonly contentId: string }[]; readonly outputs?: readonly string[];
}
type End = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly fault: Fault };

/** A Secret holds no more (kubernetes.io, Secrets: 1 MiB), and what is collected passes through a log. */
const mostInputBytes = 700 * 1024;

export function kubernetesBackend(options: KubernetesOptions): ExecutionBackend {
  const { config, namespace } = options;
  const [batch, core, networking] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api), config.makeApiClient(NetworkingV1Api)];
  let closed: Promise<void> | null = null;

  /** Once: from then on the pods of jobs have no network. */
  function closeNetwork(): Promise<void> {
    closed ??= reached(() => networking.createNamespacedNetworkPolicy({ namespace, body: noNetwork() }).then(() => undefined, (error: unknown) => {
      if (!(error instanceof ApiException && error.code === 409)) throw error;
    })).catch((error: unknown) => {
      closed = null;
      throw error;
    });
    return closed;
  }

  async function podOf(name: string): Promise<V1Pod | undefined> {
    return (await reached(() => core.listNamespacedPod({ namespace, labelSelector: `${label}=${name}` }))).items[0];
  }

  async function logOf(name: string, container: string): Promise<string> {
    const pod = await podOf(name);
    const podName = pod?.metadata?.name;
    return podName === undefined ? '' : reached(() => core.readNamespacedPodLog({ namespace, name: podName, container }));
  }

  async function follow(name: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const { status } = await reached(() => batch.readNamespacedJobStatus({ namespace, name }));
      const late = status?.conditions?.some(({ type, status: holds, reason }) => type === 'Failed' && holds === 'True' && reason === 'DeadlineExceeded') === true;
      const end = late ? { kind: 'failed' as const, fault: new JobStopped('TIME_LIMIT', 'the job ran longer than it may') } : endOf(await podOf(name), (status?.succeeded ?? 0) > 0, (status?.failed ?? 0) > 0);
      if (end?.kind === 'done') return;
      if (end?.kind === 'failed') throw end.fault;
      await sleep(options.pollMs ?? 1000, undefined, { signal });
    }
  }

  async function remove(name: string): Promise<void> {
    const gone = (error: unknown): void => { if (!(error instanceof ApiException && error.code === 404)) throw error; };
    await batch.deleteNamespacedJob({ namespace, name, propagationPolicy: 'Background' }).then(() => undefined, gone);
    for (const part of ['inputs', 'names']) await core.deleteNamespacedSecret({ namespace, name: `${name}-${part}` }).then(() => undefined, gone);
  }

  async function run(kind: string, specJson: Json, run: RunOptions): Promise<Executed> {
    if (kind !== 'container') throw new Fault('KIND_NOT_SERVED', `a cluster does not run ${kind}`);
    const spec = specJson as unknown as ContainerSpec;
    const { resources } = termsOf('container', specJson);
    const name = nameOf(run.jobId ?? `job-${Date.now()}`);
    const inputs = await Promise.all((spec.inputs ?? []).map(async ({ path, contentId }) => ({ path, bytes: await run.fetchContent(contentId) })));
    if (inputs.reduce((sum, { bytes }) => sum + bytes.length, 0) > mostInputBytes) throw new Fault('INPUT_TOO_LARGE', 'a cluster takes inputs of 700 KiB together');
    const image = await pushImage(options.registry, `oort/${spec.imageContentId}`, await run.fetchContent(spec.imageContentId));
    await closeNetwork();
    const timeLimitS = Math.ceil(Math.min(run.timeoutMs / 1000, resources.timeLimitS ?? Infinity));
    const startedAt = performance.now();
    try {
      for (const body of inputSecrets(name, inputs)) await reached(() => core.createNamespacedSecret({ namespace, body }));
      await reached(() => batch.createNamespacedJob({ namespace, body: jobManifest({
        name, image, collectorImage: options.collectorImage, command: spec.command ?? null, environment: spec.environment ?? {}, inputs, outputs: spec.outputs ?? [], resources, timeLimitS,
      }) }));
      await follow(name, run.signal);
      const log = await logOf(name, jobContainer);
      log.split('\n').forEach((line) => run.log?.(line));
      const artifacts = (spec.outputs ?? []).length === 0 ? [] : await collected(await logOf(name, collectorContainer), run);
      const output = { artifacts, artifactsRoot: artifactsRoot(artifacts), logContentId: await run.storeContent(Buffer.from(log)), logLines: log.split('\n').length - 1 };
      return { output: output as unknown as Json, units: Math.max(1, Math.ceil((performance.now() - startedAt) / 60_000)) };
    } finally {
      // What is left behind ends by its own deadline, and is taken away ten minutes later.
      await remove(name).catch(() => undefined);
    }
  }

  return { wall: 'oci', kinds: ['container'], run, close: () => undefined };
}

/** Null while it runs. What the kubelet says comes first: the job's own status only counts. */
export function endOf(pod: V1Pod | undefined, succeeded: boolean, failed: boolean): End | null {
  if (succeeded) return { kind: 'done' };
  const stopped = (reason: 'MEMORY_LIMIT' | 'DISK_LIMIT', message: string): End => ({ kind: 'failed', fault: new JobStopped(reason, message) });
  if (pod?.status?.reason === 'Evicted') return stopped('DISK_LIMIT', pod.status.message ?? 'the pod was evicted');
  const states = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
  for (const { name, state } of states) {
    const waiting = state?.waiting?.reason ?? '';
    if (['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'].includes(waiting)) return { kind: 'failed', fault: new ClusterUnavailable(`${name}: ${waiting}`) };
    const ended = state?.terminated;
    if (ended === undefined || ended.exitCode === 0) continue;
    if (ended.reason === 'OOMKilled') return stopped('MEMORY_LIMIT', 'the program used more memory than it may');
    return { kind: 'failed', fault: name === jobContainer ? new JobExited(ended.exitCode, ended.message ?? '') : new Fault('OUTPUT_MISSING', 'the job did not write what it promised') };
  }
  return failed ? { kind: 'failed', fault: new ClusterUnavailable('the cluster gave the job up and does not say why') } : null;
}

async function collected(log: string, { storeContent }: RunOptions): Promise<readonly Artifact[]> {
  const files = [...readTar(Buffer.from(log, 'base64'))].filter(({ kind }) => kind === 'file').sort((left, right) => (left.path < right.path ? -1 : 1));
  const artifacts: Artifact[] = [];
  for (const { path, bytes } of files) artifacts.push({ path: path.replace(/^\.\//, ''), contentId: await storeContent(Buffer.from(bytes)), bytes: bytes.length });
  return artifacts;
}

/** RFC 1123, as names of Kubernetes are. */
function nameOf(jobId: string): string {
  return `oort-${jobId.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 52);
}

/** The cluster being away or refusing is not the job's doing. */
async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiException && error.code === 409) throw error;
    throw new ClusterUnavailable(messageOf(error));
  }
}
