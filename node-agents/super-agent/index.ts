// A partner's server: trains, infers, evaluates, runs containers and keeps pieces.
export { startSuperAgent } from './super-agent';
