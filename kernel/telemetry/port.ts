export interface TelemetryMessage {
  readonly topic: string;
  /** Messages of one key keep their order. */
  readonly key: string;
  readonly value: Buffer;
  readonly offset: bigint;
}

/** A durable topic log. Delivery is at least once per consumer group; consumers deduplicate in the transaction of their effect. */
export interface TelemetryBus {
  /** Resolves when the message is durable. */
  publish(topic: string, key: string, value: Uint8Array): Promise<void>;
  /** Runs until the signal aborts; an offset is committed after its handler resolved. */
  consume(topic: string, group: string, handler: (message: TelemetryMessage) => Promise<void>, signal: AbortSignal): Promise<void>;
  /**
   * As `consume`, with as many messages at once as are there and wanted, in their order: for effects that cost less together. They are
   * done with together; when the handler throws, each is handed over alone.
   */
  consumeBatches(
    topic: string, group: string, most: number, handler: (messages: readonly TelemetryMessage[]) => Promise<void>, signal: AbortSignal,
  ): Promise<void>;
  /**
   * Gives the handler, once each, what the topic holds at this moment and the group has not had; resolves with how many that
   * were. What the handler throws ends it: that message and those after it stay for the next time.
   */
  drain(topic: string, group: string, handler: (message: TelemetryMessage) => Promise<void>): Promise<number>;
  /** Gives the handler what a drain would, and moves nothing. */
  peek(topic: string, group: string, handler: (message: TelemetryMessage) => Promise<void>): Promise<number>;
  close(): Promise<void>;
}
