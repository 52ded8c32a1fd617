export type { Projection, ReadModels } from './port';
