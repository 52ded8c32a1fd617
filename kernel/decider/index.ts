// The one shape of a domain rule: decide (command, state) -> events or a refusal, evolve (state, event) -> state.
export { command, type CommandOptions } from './command';
export { createHandler, type HandlerOptions } from './handler';
export { loadState, type Loaded } from './load';
export { runReaction, type ReactionOptions } from './reaction';
export { refusal, refuse } from './refusal';
export { scenario } from './scenario';
export type { Command, Decider, Decision, DomainEvent, Flow, Outcome, RefusalOf } from './port';
