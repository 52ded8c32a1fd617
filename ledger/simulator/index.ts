// Witnesses in a virtual world: one seed decides delays, loss, partitions, restarts and lies, and a run repeats exactly.
export { simulate } from './simulate';
export type { Outcome, Scenario } from './simulate';
export type { Conduct } from './witness';
