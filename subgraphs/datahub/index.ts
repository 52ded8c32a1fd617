// datahub: missions, contributions, blind labels, and the dataset versions that come of them.
export { contributionFlow, missionFlow, participantFlow, reviewFlow, versionFlow } from './flow';
export {
  itemLeaf,
  jsonLines,
  manifestRoot,
  readManifest,
  type Manifest,
  type ManifestItem,
} from './manifest';
export { createDatahubSubgraph } from './subgraph';
