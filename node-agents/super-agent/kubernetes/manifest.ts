// A job of ours as a Job of Kubernetes (batch/v1): one pod that is tried once, without a network, a capability or a token of the
// cluster. The job's own container runs first; a collector of the operator's then prints what it left, as base64 of a tar.
import type { V1Job, V1NetworkPolicy, V1Secret } from '@kubernetes/client-node';
import type { JobTerms } from '@oort/schema/job-spec';

export interface ManifestOptions {
  readonly name: string;
  readonly image: string;
  readonly collectorImage: string;
  readonly command: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly inputs: readonly { readonly path: string; readonly bytes: Buffer }[];
  readonly outputs: readonly string[];
  readonly resources: JobTerms['resources'];
  readonly timeLimitS: number;
}

export const jobContainer = 'job';
export const collectorContainer = 'collector';
export const label = 'oort.network/job';

const secured = {
  allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 65_534, runAsGroup: 65_534,
  capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' },
};

export function jobManifest({ name, image, collectorImage, command, environment, inputs, outputs, resources, timeLimitS }: ManifestOptions): V1Job {
  const { cores, memoryMb, diskMb, gpu } = resources;
  const work = { name: 'work', mountPath: '/job' };
  const limits = {
    cpu: String(Math.max(cores, 1)), memory: `${memoryMb === 0 ? 512 : memoryMb}Mi`, 'ephemeral-storage': `${diskMb + 64}Mi`, ...(gpu ? { 'nvidia.com/gpu': '1' } : {}),
  };
  // Words are handed over apart from the script: a path is never read as a command.
  const pack = ['sh', '-c', 'cd /job && tar -cf - -- "$@" | base64', 'collect', ...outputs];
  const fill = ['sh', '-c', 'cd /inputs && for one in *; do [ -e "$one" ] || continue; read -r path < "/names/$one"; mkdir -p "/job/$(dirname "$path")"; cp "$one" "/job/$path"; done'];
  return {
    apiVersion: 'batch/v1', kind: 'Job', metadata: { name, labels: { [label]: name } },
    spec: {
      backoffLimit: 0, activeDeadlineSeconds: timeLimitS, ttlSecondsAfterFinished: 600,
      template: {
        metadata: { labels: { [label]: name } },
        spec: {
          restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false, hostNetwork: false,
          securityContext: { fsGroup: 65_534, runAsNonRoot: true },
          initContainers: [
            ...(inputs.length === 0 ? [] : [{
              name: 'inputs', image: collectorImage, command: fill, securityContext: secured,
              volumeMounts: [work, { name: 'inputs', mountPath: '/inputs', readOnly: true }, { name: 'names', mountPath: '/names', readOnly: true }],
            }]),
            {
              name: jobContainer, image, ...(command === null ? {} : { command: [...command] }), securityContext: secured, workingDir: '/job',
              env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              resources: { limits, requests: limits }, volumeMounts: [work, { name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          containers: [{
            name: collectorContainer, image: collectorImage, command: outputs.length === 0 ? ['true'] : pack, securityContext: secured, volumeMounts: [{ ...work, readOnly: true }],
          }],
          volumes: [
            { name: 'work', emptyDir: { sizeLimit: `${diskMb}Mi` } }, { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
            ...(inputs.length === 0 ? [] : [{ name: 'inputs', secret: { secretName: `${name}-inputs` } }, { name: 'names', secret: { secretName: `${name}-names` } }]),
          ],
        },
      },
    },
  };
}

/** Inputs by numbers, and beside them the paths that they go to: keys of a Secret know no slash. */
export function inputSecrets(name: string, inputs: ManifestOptions['inputs']): readonly V1Secret[] {
  const secret = (part: string, valueOf: (input: ManifestOptions['inputs'][number]) => Buffer): V1Secret => ({
    apiVersion: 'v1', kind: 'Secret', immutable: true, metadata: { name: `${name}-${part}`, labels: { [label]: name } },
    data: Object.fromEntries(inputs.map((input, index) => [String(index), valueOf(input).toString('base64')])),
  });
  return inputs.length === 0 ? [] : [secret('inputs', ({ bytes }) => bytes), secret('names', ({ path }) => Buffer.from(`${path}\n`))];
}

/** Nothing in, nothing out, for every pod of a job; the cluster's network plugin has to know policies. */
export function noNetwork(): V1NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'oort-jobs-have-no-network' },
    spec: { podSelector: { matchExpressions: [{ key: label, operator: 'Exists' }] }, policyTypes: ['Ingress', 'Egress'] },
  };
}
