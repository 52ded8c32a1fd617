export { contentIdOf, contentIdOfHash } from './content-id';
export { ContentCorrupt, ContentMissing, diskContentStore } from './disk';
export type { ContentStore } from './port';
