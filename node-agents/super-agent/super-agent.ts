import { startAgent, traitsOf, type AgentOptions, type AgentTraits, type RunningAgent } from '@oort/node-agents-agent';
import { Fault } from '@oort/kernel-wire';
import { bucketAddress } from './bucket/address';

export interface SuperAgentOptions extends Omit<AgentOptions, 'kind'> { readonly pieceStore?: string }

type Environment = Readonly<Record<string, string | undefined>>;

/** With OORT_KUBERNETES_REGISTRY containers run on the cluster of the kubeconfig (or of the pod that the agent itself runs in), in
 *  OORT_KUBERNETES_NAMESPACE (default: oort-jobs), everything else on this machine.
 *  With a piece store (or OORT_PIECE_STORE) its pieces lie in that bucket, `s3://bucket/prefix?endpoint=https://host`. Throws
 *  BucketAddressInvalid, BucketOfAnotherNode, BucketUnavailable. */
export async function startSuperAgent({ pieceStore, ...options }: SuperAgentOptions): Promise<RunningAgent> {
  const environment = options.environment ?? process.env;
  const bucket = pieceStore ?? environment['OORT_PIECE_STORE'];
  const onCluster = environment['OORT_KUBERNETES_REGISTRY'] === undefined ? {} : { backend: clusterOf(environment) };
  return startAgent({ ...options, ...onCluster, kind: 'super' }, { ...traitsOf.super, ...(bucket === undefined ? {} : { pieces: piecesIn(bucket, options) }) });
}

function piecesIn(text: string, { environment = process.env, log }: SuperAgentOptions): NonNullable<AgentTraits['pieces']> {
  const address = bucketAddress(text);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = environment;
  const credentials = accessKeyId === undefined || secretAccessKey === undefined ? {}
    : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
  return async (directory) => {
    // Loaded where it is asked for: the client is large.
    const { openBucketStore } = require('./bucket/bucket-store') as typeof import('./bucket/bucket-store');
    return openBucketStore({ address, directory, ...credentials, log: log ?? ((said): void => { process.stderr.write(`${said}\n`); }) });
  };
}

function clusterOf(environment: Environment): Required<Pick<AgentOptions, 'backend'>>['backend'] {
  const registry = environment['OORT_KUBERNETES_REGISTRY'] ?? '';
  if (!/^https?:\/\/[^/]+$/.test(registry)) throw new Fault('REGISTRY_INVALID', 'OORT_KUBERNETES_REGISTRY reads like https://host:port');
  // Loaded where it is asked for: the client is large.
  const { KubeConfig } = require('@kubernetes/client-node') as typeof import('@kubernetes/client-node');
  const { kubernetesBackend } = require('./kubernetes/backend') as typeof import('./kubernetes/backend');
  const config = new KubeConfig();
  config.loadFromDefault();
  return () => kubernetesBackend({
    config, registry, namespace: environment['OORT_KUBERNETES_NAMESPACE'] ?? 'oort-jobs',
    collectorImage: environment['OORT_KUBERNETES_COLLECTOR'] ?? 'docker.io/library/busybox:1.37',
  });
}
