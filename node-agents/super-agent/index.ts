// A partner's server: trains, infers, evaluates and keeps pieces.
import { startAgent, traitsOf, type AgentOptions, type RunningAgent } from '@oort/node-agents-agent';

export function startSuperAgent(options: Omit<AgentOptions, 'kind'>): Promise<RunningAgent> {
  return startAgent({ ...options, kind: 'super' }, traitsOf.super);
}
