export type {
  Appended, Delivery, EventMetadata, EventStore, EventToAppend, ExpectedRevision, Filter, From, RecordedEvent,
} from './port';
