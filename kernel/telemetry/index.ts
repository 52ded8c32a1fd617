// What agents report: a durable topic log, and signed batches of readings in chains that show a gap, a replay, a fork or a forgery
// whatever the transport. README.md tells what each promises.
export { memoryBus, openEmbeddedBus, type EmbeddedBusOptions } from './bus';
export { link, type ChainHead, type EpochHead, type Link, type Missing, type Notice } from './chain';
export { deadLetters, deadTopicOf, readDeadLetter, replayDeadLetters, type DeadLetter, type Replayed, type ReplayOptions } from './dead-letter';
export {
  batchBytes, claimOf, envelopesIn, largestEnvelopeBytes, openEnvelope, sealEnvelope, type ChainPlace, type Envelope, type EnvelopeToSeal,
  type EpochReason, type SealedEnvelope,
} from './envelope';
export { BusClosed, BusDenied, BusRefused, BusUnreachable, EnvelopeRejected, MessageTooLarge, type Rejection } from './faults';
export { NotNow, Poison } from './hand-over';
export { openKafkaBus, type KafkaOptions } from './kafka';
export { kafkaSettings } from './kafka-settings';
export type { TelemetryBus, TelemetryMessage } from './port';
export { memoryChains, receive, type Chains, type Heads, type Received, type ReceiverOptions } from './receiver';
export type { Retention } from './retention';
export { LogFailed, SegmentLog, type LogCursor, type LogRecord, type SegmentLogOptions } from './segment-log';
