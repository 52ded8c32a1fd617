// Links between nodes of a chain: who is at the other end, what was said, and for how long anybody listens. It knows no rule of the chain.
export { loadPeerIdentity, type PeerIdentity } from './identity';
export { decodeMessage, encodeMessage, MalformedMessage, mostHashes, protocolVersion, type Carried, type Hello, type Message } from './messages';
export { logLevels, logTo, type Log, type LogFields, type LogFormat, type LogLevel } from './log';
export { openPeerNetwork, type Peer, type PeerNetwork, type PeerNetworkOptions } from './network';
