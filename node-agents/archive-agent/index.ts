// Cold copies: pieces written once and read rarely.
import { startAgent, traitsOf, type AgentOptions, type RunningAgent } from '@oort/node-agents-agent';
import { openColdStore } from './cold-store';

export { openColdStore } from './cold-store';

export function startArchiveAgent(options: Omit<AgentOptions, 'kind'>): Promise<RunningAgent> {
  return startAgent({ ...options, kind: 'archive' }, { ...traitsOf.archive, pieces: openColdStore });
}
