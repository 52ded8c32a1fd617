// The event store of a cluster: the port over EventStoreDB (23.10 or later, whose subscriptions say when they have caught up).
export { openEventStoreDb, type EventStoreDbOptions } from './store';
export { AccessRefused, StoreUnreachable } from './unreachable';
