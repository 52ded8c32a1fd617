export type { Json } from './json';
