// The record of the platform: streams of events in one total order. One port, checked by one contract suite.
export { openEmbeddedStore, type EmbeddedOptions } from './embedded';
export { eventStoreContract } from './contract';
export { AppendTooLarge, StoreBroken, StoreClosed, StoreLocked, StoreUnwritable, StreamDeleted, WrongExpectedRevision } from './faults';
export { fileKeyStore, type KeyStore } from './key-store';
export { memoryStore } from './memory';
export { categoryOf, tombstoneType } from './stream';
export {
  openVisible, personKeyId, redacted, revealedBy, type PersonalData, type SealedUntil, type VisibleOptions,
} from './visible';
export type {
  Appended, Delivery, EventMetadata, EventStore, EventToAppend, ExpectedRevision, Filter, From, RecordedEvent,
} from './port';
