import { startAgent, traitsOf, type AgentContext, type AgentOptions, type RunningAgent } from '@oort/node-agents-agent';
import { OfflineInference } from './offline';

/** Pre-processes contributions while it idles, and answers images with the models that were deployed to it. */
export function startEdgeAgent(options: Omit<AgentOptions, 'kind'>): Promise<RunningAgent> {
  return startAgent({ ...options, kind: 'edge' }, { ...traitsOf.edge, beside });
}

function beside({ identity, client, directory, signal, log }: AgentContext): Promise<void> {
  const { nodeId, key, platformPublicKey } = identity;
  return new OfflineInference({
    directory, nodeId, key, platformPublicKey, now: () => new Date(),
    graphql: (document, variables) => client.graphql(document, variables),
    fetchContent: (contentId) => client.fetchContent(contentId),
    warn: quietly(log),
  }).run(signal);
}

/** Without a network the same sentence would come every second. */
function quietly(log: (text: string) => void): (text: string) => void {
  let last = '';
  return (text) => {
    if (text !== last) log(`offline inference: ${text}`);
    last = text;
  };
}
