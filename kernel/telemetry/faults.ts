import { Fault, messageOf } from '@oort/kernel-wire';
import { Poison } from './hand-over';

/** Why an envelope does not count, now or later: */
export type Rejection =
  /** no envelope of ours, */
  | 'malformed'
  /** larger than one may be, */
  | 'oversized'
  /** not signed by the node that it names, */
  | 'signature'
  /** from a node that never enrolled, or has left, */
  | 'unknown-node'
  /** for a topic that there is none, or that it does not lie in, */
  | 'unknown-topic'
  /** beside another one of the same place, both signed by the node, */
  | 'forked'
  /** of an epoch that was over before it, and nothing of which is missing, */
  | 'stale-epoch'
  /** missed for so long that nobody remembers what it must fit. */
  | 'too-late';

/** Its code is the reason: ENVELOPE_MALFORMED, ENVELOPE_FORKED and so on. */
export class EnvelopeRejected extends Poison {
  constructor(readonly rejection: Rejection, why: string) {
    super(`ENVELOPE_${rejection.toUpperCase().replace('-', '_')}`, `envelope refused, ${rejection}: ${why}`, { rejection });
  }
}

export class BusClosed extends Fault {
  constructor() {
    super('BUS_CLOSED', 'the telemetry bus is closed');
  }
}

/** No broker answered in time. A message that was being published may or may not be in its topic: publish it again. */
export class BusUnreachable extends Fault {
  constructor(brokers: readonly string[], cause: unknown) {
    super('BUS_UNREACHABLE', `no answer from Kafka at ${brokers.join(', ')}: ${messageOf(cause)}`, { brokers: [...brokers] });
  }
}

/** The brokers answered, and refuse: no permission, no such topic and none may be made, not enough replicas. */
export class BusRefused extends Fault {
  constructor(topic: string, type: string, cause: unknown) {
    super('BUS_REFUSED', `Kafka refuses topic ${topic}: ${messageOf(cause)}`, { topic, type });
  }
}

/** The brokers do not know who asks, or not with this password. */
export class BusDenied extends Fault {
  constructor(brokers: readonly string[], cause: unknown) {
    super('BUS_DENIED', `Kafka at ${brokers.join(', ')} lets nobody in with these credentials: ${messageOf(cause)}`, { brokers: [...brokers] });
  }
}

export class MessageTooLarge extends Fault {
  constructor(bytes: number, limitBytes: number) {
    super('MESSAGE_TOO_LARGE', `a message of ${bytes} bytes is over the limit of ${limitBytes}`, { bytes, limitBytes });
  }
}
