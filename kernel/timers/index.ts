export type { Timers } from './port';
