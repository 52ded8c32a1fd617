export type { Command, Decider, Decision, DomainEvent, Flow, Outcome, RefusalOf } from './port';
