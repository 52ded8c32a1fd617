import { Fault } from '@oort/kernel-wire';
import type { ExpectedRevision } from './port';

export class WrongExpectedRevision extends Fault {
  readonly expected: ExpectedRevision;
  /** Revision of the stream's last event; null when it has none. */
  readonly actual: bigint | null;

  constructor(stream: string, expected: ExpectedRevision, actual: bigint | null) {
    super('WRONG_EXPECTED_REVISION', `stream ${stream} is at ${actual ?? 'no event'}, not at ${expected}`,
      { stream, expected: String(expected), actual: actual === null ? null : actual.toString() });
    this.expected = expected;
    this.actual = actual;
  }
}

export class StreamDeleted extends Fault {
  constructor(stream: string) {
    super('STREAM_DELETED', `stream ${stream} was deleted`, { stream });
  }
}

export class AppendTooLarge extends Fault {
  constructor(bytes: number, limitBytes: number) {
    super('APPEND_TOO_LARGE', `an append of ${bytes} bytes is over the limit of ${limitBytes}`, { bytes, limitBytes });
  }
}

export class StoreClosed extends Fault {
  constructor() {
    super('STORE_CLOSED', 'the event store is closed');
  }
}

export class StoreLocked extends Fault {
  constructor(directory: string, pid: number) {
    super('STORE_LOCKED', `process ${pid} has the event store in ${directory} open`, { directory, pid });
  }
}

/** The disk refused: full, read-only, no permission, gone. The store's files are as they were before the append. */
export class StoreUnwritable extends Fault {
  constructor(reason: string, message: string) {
    super('STORE_UNWRITABLE', `the event store cannot write: ${message}`, { reason });
  }
}

/** What is on disk is not known any more (a failed fsync, a damaged record): only reopening or a restore helps. */
export class StoreBroken extends Fault {
  constructor(message: string) {
    super('STORE_BROKEN', message);
  }
}
