// The record of the platform: streams of events in one total order. One port, checked by one contract suite.
export { backUp, BackupRefused, checkBackup, restore, type Copied, type Tallies, type Tally } from './backup';
export { checkStore, IndexDisagrees, type Checked } from './check';
export { openEmbeddedStore, type EmbeddedOptions } from './embedded';
export { eventStoreContract } from './contract';
export { AppendTooLarge, StoreBroken, StoreClosed, StoreLocked, StoreUnwritable, StreamDeleted, WrongExpectedRevision } from './faults';
export { fileKeyStore, type KeyStore } from './key-store';
export { LogDamaged } from './log-files';
export { memoryStore } from './memory';
export { categoryOf, tombstoneType } from './stream';
export { newestVersion, openUpcast, upcast, VersionUnknown, type Upcaster, type Upcasters } from './upcast';
export {
  openVisible, personKeyId, redacted, revealedBy, type PersonalData, type SealedUntil, type VisibleOptions,
} from './visible';
export type {
  Appended, Delivery, EventMetadata, EventStore, EventToAppend, ExpectedRevision, Filter, From, RecordedEvent,
} from './port';
