// A partner's server: trains, infers, evaluates, runs containers and keeps pieces.
export { startSuperAgent, type SuperAgentOptions } from './super-agent';
