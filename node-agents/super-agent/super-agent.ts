import { startAgent, traitsOf, type AgentOptions, type RunningAgent } from '@oort/node-agents-agent';
import { Fault } from '@oort/kernel-wire';

type Environment = Readonly<Record<string, string | undefined>>;

/** With OORT_KUBERNETES_REGISTRY containers run on the cluster of the kubeconfig (or of the pod that the agent itself runs in), in
 *  OORT_KUBERNETES_NAMESPACE (default: oort-jobs), everything else on this machine. */
export async function startSuperAgent(options: Omit<AgentOptions, 'kind'>): Promise<RunningAgent> {
  const environment = options.environment ?? process.env;
  const onCluster = environment['OORT_KUBERNETES_REGISTRY'] === undefined ? {} : { backend: await clusterOf(environment) };
  return startAgent({ ...options, ...onCluster, kind: 'super' }, traitsOf.super);
}

async function clusterOf(environment: Environment): Promise<Required<Pick<AgentOptions, 'backend'>>['backend']> {
  const registry = environment['OORT_KUBERNETES_REGISTRY'] ?? '';
  if (!/^https?:\/\/[^/]+$/.test(registry)) throw new Fault('REGISTRY_INVALID', 'OORT_KUBERNETES_REGISTRY reads like https://host:port');
  // Loaded where it is asked for: the client is large.
  const [{ KubeConfig }, { kubernetesBackend }] = await Promise.all([import('@kubernetes/client-node'), import('./kubernetes/backend.js')]);
  const config = new KubeConfig();
  config.loadFromDefault();
  return () => kubernetesBackend({
    config, registry, namespace: environment['OORT_KUBERNETES_NAMESPACE'] ?? 'oort-jobs',
    collectorImage: environment['OORT_KUBERNETES_COLLECTOR'] ?? 'docker.io/library/busybox:1.37',
  });
}
