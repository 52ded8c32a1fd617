// Witnesses in a virtual world: one seed decides delays, loss, partitions, restarts and lies, and a run repeats exactly.
export { simulate, simulateReal } from './simulate';
export type { Outcome, Scenario } from './simulate';
export { finalityTimes } from './finality';
export type { FinalityRun } from './finality';
export type { Conduct } from './witness';
