// The official client against a small server that answers as a cluster does: what is asked, with what, and how ends are named.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { contentIdOf } from '@oort/kernel-content';
import type { Json } from '@oort/kernel-wire';
import type { RunOptions } from '@oort/node-agents-agent/execution-backend';
import { kubernetesBackend } from './backend';
import { digestOf, startCluster, type Cluster, type Play } from './fixture-cluster';

const clusters: Cluster[] = [];
afterAll(async () => { for (const cluster of clusters) await cluster.close(); });

function tarOf(files: Readonly<Record<string, Buffer>>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'oort-tar-'));
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const tar = execFileSync('tar', ['-cf', '-', '-C', folder, '.']);
  rmSync(folder, { recursive: true });
  return tar;
}

const layer = Buffer.from('layer');
const config = Buffer.from('{}');
const manifest = Buffer.from(JSON.stringify({ config: { mediaType: 'c', digest: digestOf(config) }, layers: [{ mediaType: 'l', digest: digestOf(layer) }] }));
const index = Buffer.from(JSON.stringify({ manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(manifest) }] }));
const image = tarOf({ 'index.json': index, ...Object.fromEntries([layer, config, manifest].map((bytes) => [`blobs/${digestOf(bytes).replace(':', '/')}`, bytes])) });
const input = Buffer.from('1,2');
const content = new Map([image, input].map((bytes) => [contentIdOf(bytes), bytes]));
const spec = { imageContentId: contentIdOf(image), command: ['run'], environment: { A: 'b' }, resources: { memoryMb: 128, timeLimitS: 60 } };

async function run(play: Play, more: object = {}, change: Partial<RunOptions> = {}): Promise<{ readonly cluster: Cluster; readonly result: Promise<Json>; readonly lines: string[] }> {
  const cluster = await startCluster(play);
  clusters.push(cluster);
  const kube = new KubeConfig();
  kube.loadFromOptions({
    clusters: [{ name: 'c', server: cluster.url, skipTLSVerify: true }], users: [{ name: 'u', token: 'secret' }], contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x',
  });
  const lines: string[] = [];
  const backend = kubernetesBackend({ config: kube, namespace: 'jobs', registry: cluster.url, collectorImage: 'busybox@sha256:1', pollMs: 5 });
  const result = backend.run('container', { ...spec, ...more }, {
    jobId: 'job_01K9', fetchContent: (contentId) => Promise.resolve(content.get(contentId) ?? Buffer.alloc(0)), checkpoint: () => Promise.resolve(), resume: null,
    storeContent: (bytes) => { content.set(contentIdOf(bytes), bytes); return Promise.resolve(contentIdOf(bytes)); },
    signal: new AbortController().signal, timeoutMs: 30_000, checkpointEveryMs: 1000, log: (line) => { lines.push(line); }, ...change,
  }).then(({ output }) => output);
  result.catch(() => undefined);
  return { cluster, result, lines };
}

const jobs = '/apis/batch/v1/namespaces/jobs/jobs';
const ended = (name: string, exitCode: number, reason = 'Error'): object => ({ initContainerStatuses: [{ name, state: { terminated: { exitCode, reason } } }] });

describe('a cluster as a backend', () => {
  it('runs a container: image, inputs, job, log, outputs, and nothing left', async () => {
    const { cluster, result, lines } = await run({
      pods: [{}, { initContainerStatuses: [{ name: 'job', state: { running: {} } }] }, {}], job: { succeeded: 1 },
      logs: { job: 'one\ntwo\n', collector: tarOf({ 'out/a.csv': Buffer.from('3') }).toString('base64') },
    }, { inputs: [{ path: 'in/x.csv', contentId: contentIdOf(input) }], outputs: ['out'] });
    expect(await result).toMatchObject({ artifacts: [{ path: 'out/a.csv', contentId: contentIdOf(Buffer.from('3')), bytes: 1 }], logLines: 2 });
    expect(lines.slice(0, 2)).toEqual(['one', 'two']);
    expect([...cluster.blobs.keys()].sort()).toEqual([layer, config, manifest, index].map(digestOf).sort());
    const sent = cluster.sent('POST', jobs) as { readonly metadata: object; readonly spec: { readonly template: { readonly spec: { readonly initContainers: readonly object[] } } } };
    expect(sent).toMatchObject({
      kind: 'Job', metadata: { name: 'oort-job-01k9' },
      spec: { backoffLimit: 0, activeDeadlineSeconds: 30, template: { spec: { restartPolicy: 'Never', automountServiceAccountToken: false, volumes: expect.arrayContaining([{ name: 'inputs', secret: { secretName: 'oort-job-01k9-inputs' } }]) as object } } },
    });
    expect(sent.spec.template.spec.initContainers[1]).toMatchObject({
      image: `${new URL(cluster.url).host}/oort/${spec.imageContentId}@${digestOf(index)}`, command: ['run'], env: [{ name: 'A', value: 'b' }],
      resources: { limits: { memory: '128Mi' } }, securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
    expect(cluster.sent('POST', '/apis/networking.k8s.io/v1/namespaces/jobs/networkpolicies')).toMatchObject({ spec: { policyTypes: ['Ingress', 'Egress'] } });
    expect(cluster.sent('POST', '/api/v1/namespaces/jobs/secrets')).toMatchObject({ data: { 0: input.toString('base64') } });
    expect(cluster.asked.filter(({ path }) => !path.startsWith('/v2/')).every(({ authorization }) => authorization === 'Bearer secret')).toBe(true);
    expect(cluster.asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('?')[0])).toEqual([
      `${jobs}/oort-job-01k9`, '/api/v1/namespaces/jobs/secrets/oort-job-01k9-inputs', '/api/v1/namespaces/jobs/secrets/oort-job-01k9-names']);
  });

  it.each<readonly [string, Play, string]>([
    ['memory', { pods: [ended('job', 137, 'OOMKilled')] }, 'MEMORY_LIMIT'],
    ['disk', { pods: [{ reason: 'Evicted', message: 'Usage of EmptyDir volume "work" exceeds the limit' }] }, 'DISK_LIMIT'],
    ['time', { pods: [{}], job: { failed: 1, conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] } }, 'TIME_LIMIT'],
    ['its own failure', { pods: [ended('job', 3)] }, 'JOB_EXITED'],
    ['an output that it did not write', { pods: [{ containerStatuses: [{ name: 'collector', state: { terminated: { exitCode: 1, reason: 'Error' } } }] }] }, 'OUTPUT_MISSING'],
    ['an image that cannot be pulled', { pods: [{ initContainerStatuses: [{ name: 'job', state: { waiting: { reason: 'ImagePullBackOff' } } }] }] }, 'CLUSTER_UNAVAILABLE'],
    ['a cluster that refuses', { pods: [{}], broken: { [`POST ${jobs}`]: 403 } }, 'CLUSTER_UNAVAILABLE'],
    ['a registry that refuses', { pods: [{}], broken: { [`POST /v2/oort/${spec.imageContentId}/blobs/uploads/`]: 401 } }, 'REGISTRY_REFUSED'],
  ])('names an end by %s', async (_, play, code) => {
    await expect((await run(play)).result).rejects.toMatchObject({ code });
  });

  it('takes its job away when it is told to stop', async () => {
    const stop = new AbortController();
    const { cluster, result } = await run({ pods: [{}, {}, {}, {}] }, {}, { signal: stop.signal });
    setTimeout(() => { stop.abort(); }, 100);
    await expect(result).rejects.toBeDefined();
    expect(cluster.asked.some(({ method, path }) => method === 'DELETE' && path.startsWith(jobs))).toBe(true);
  });

  it('goes on where the policy is there already', async () => {
    const { result } = await run({ pods: [{}], job: { succeeded: 1 }, broken: { 'POST /apis/networking.k8s.io/v1/namespaces/jobs/networkpolicies': 409 } });
    expect(await result).toMatchObject({ artifacts: [] });
  });
});
