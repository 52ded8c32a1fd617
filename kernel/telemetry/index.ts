// What agents report: a durable topic log, and envelopes that show a gap, a replay or a forgery whatever the transport.
export { memoryBus, openEmbeddedBus } from './bus';
export {
  EnvelopeRejected, envelopeBytes, envelopeHash, follows, openEnvelope, sealEnvelope, senderOf, type Envelope, type EnvelopeToSeal,
} from './envelope';
export { deadTopicOf, readDeadLetter, replayDeadLetters, type DeadLetter, type Replayed } from './dead-letter';
export { BusClosed, BusRefused, BusUnreachable, MessageTooLarge } from './faults';
export { openKafkaBus, type KafkaOptions } from './kafka';
export type { TelemetryBus, TelemetryMessage } from './port';
