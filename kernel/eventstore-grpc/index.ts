// The door to the event store for clients of EventStoreDB: the same gRPC protocol, over any store of the port.
export { serveEventStore, type ServedEventStore, type ServeOptions } from './server';
export { UsersRefused, readUsers, writeUser, type User } from './users';
