import { startAgent, traitsOf, type AgentContext, type AgentOptions, type RunningAgent } from '@oort/node-agents-agent';
import { OfflineInference } from './offline';

export function startEdgeAgent(options: Omit<AgentOptions, 'kind'>): Promise<RunningAgent> {
  return startAgent({ ...options, kind: 'edge' }, { ...traitsOf.edge, beside: inferOffline });
}

function inferOffline({ identity: { nodeId, key, platformPublicKey }, client, directory, signal, log }: AgentContext): Promise<void> {
  const offline = new OfflineInference({
    directory, nodeId, key, platformPublicKey, now: () => new Date(), warn: log,
    graphql: (document, variables) => client.graphql(document, variables), fetchContent: (contentId) => client.fetchContent(contentId),
  });
  return offline.run(signal);
}
