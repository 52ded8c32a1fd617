// Storage: objects, encrypted and cut, on nodes that nobody has to trust.
export { noContent, openDataPath, openStorageAccess, type StorageAccess, type StorageAccessOptions } from './access';
export { accountKeyId } from './account-key';
export { ArchiveUnreachable } from './archive/faults';
export type { ArchiveBackend } from './archive/port';
export { archiveFrom, type ArchiveSettings } from './archive/settings';
export { createContentAccess, type ContentAccess } from './content-access';
export { contentBucket, createContentStore, type ContentStoreOptions } from './content-store';
export { DataPath, type DataPathOptions } from './data-path/data-path';
export { PiecesUnreachable, SegmentCorrupt, StorageUnavailable } from './data-path/faults';
export { edgeMetrics } from './edge/metrics';
export { edgeFrom } from './edge/settings';
export type { StorageNode, StorageNodes } from './data-path/port';
export { annualLossProbability } from './durability';
export { keyArn, KeyUnusable } from './encryption-keys/encryption-keys';
export { durabilityReport, type Assumptions, type CodeReport, type DurabilityReport, type Improvement } from './durability-report';
export { abortOf, expiryOf, lifecycleRules, needsTags, type Due, type LifecycleFilter, type LifecycleRule, type LifecycleTime, type NoncurrentTime } from './lifecycle/rules';
export { lifecycleFrom } from './lifecycle/settings';
export type { LifecycleSweep, Swept } from './lifecycle/sweep';
export { accountQuotasFrom, type AccountQuotas } from './account-quotas';
export type { Quota } from './quota';
export { bucketLock, type BucketLock } from './object-lock';
export { WrongObjectKey, type AskedEncryption } from './object-keys';
export { ObjectStore, type Deleted, type Done, type FoundVersion, type ObjectStoreOptions, type PresentBucket, type PutObject, type ReadableObject } from './object-store';
export {
  destinationOf, isEventName, notificationConfiguration, overlapping, type DestinationKind, type KeyFilter, type NotificationConfiguration, type NotificationRule,
} from './notifications/configuration';
export { followBucketEvents, readBucketEvents, type BucketEvent } from './notifications/feed';
export { looseBytes } from './packing/packer';
export { packingFrom, type PackingSettings } from './packing/settings';
export type { StorageRefusal } from './refusals';
export { versionName, type Part, type StoredVersion, type UploadState } from './state';
export { createStorageSubgraph, type StoragePorts, type StorageSubgraph } from './subgraph';
export { BadInventorySetting, possessionFrom } from './possession-audit';
