export { createTimers, type RunningTimers, type TimersOptions } from './timers';
export type { Timers } from './port';
