export type { ContentStore } from './port';
