// A subgraph of the platform, called in this process or in another: the same documents, the same masking, and who asks is
// vouched for by the gateway's signature.
export { leaving, serveSubgraph, type ServedSubgraph, type ServeSubgraphOptions } from './door';
export { openPassport, passportHeader, sealPassport, TakenPassports, type Passport, type PassportToSeal } from './passport';
export { asBadInput, maskedMessage, presentError, type Log } from './present';
export { RemoteSource, type RemoteSubgraph } from './remote-source';
export { SchemaSource } from './schema-source';
export type { Caller, NamedSchema, Presented, SourceCall, SubgraphSource } from './port';
