import { Fault, messageOf } from '@oort/kernel-wire';

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

export class MessageTooLarge extends Fault {
  constructor(bytes: number, limitBytes: number) {
    super('MESSAGE_TOO_LARGE', `a message of ${bytes} bytes is over the limit of ${limitBytes}`, { bytes, limitBytes });
  }
}
