import type { Shown } from './derived';

/** One event on its way through a group, until it is acknowledged, skipped or parked. */
export interface Message {
  readonly id: string;
  readonly shown: Shown;
  /** The last place of the source that was read before it: where to go on while it is the oldest that is not settled. */
  readonly before: bigint | null;
  retries: number;
  /** Came from the parked ones, as part of a replay. */
  readonly replay: Replay | null;
}

export interface Replay { readonly open: Set<Message>; readonly upTo: bigint }
