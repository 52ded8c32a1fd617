// The ingest door: what agents measured (signed envelopes) and what they made (bytes under their content id).
export { type Credentials } from './credentials';
export { openIngestDoor, type IngestDoor, type IngestOptions } from './door';
