// Which consumer of a group gets a message. None when all who may have it are busy.
import { createHash } from 'node:crypto';
import type { Message } from './persistent-message';
import type { Strategy } from './persistent-settings';

export interface Candidate { readonly id: string; readonly free: number }

export interface Choice {
  /** Whether others may be served before one whose consumer is busy. */
  readonly skipsBusy: boolean;
  pick<C extends Candidate>(message: Message, consumers: readonly C[]): C | null;
}

export function choiceOf(strategy: Strategy): Choice {
  switch (strategy) {
    case 'RoundRobin': return roundRobin();
    case 'DispatchToSingle': return { skipsBusy: false, pick: (_, consumers) => consumers.find(({ free }) => free > 0) ?? null };
    // The stream of the event itself, also when it comes by a link, so that one consumer sees all of a stream.
    case 'Pinned': return pinned(({ shown: { event } }) => event.stream);
    case 'PinnedByCorrelation': return pinned(({ shown: { event } }) => event.metadata.correlationId);
  }
}

function roundRobin(): Choice {
  let last = '';
  return {
    skipsBusy: false,
    pick(_, consumers) {
      const after = consumers.findIndex(({ id }) => id === last) + 1;
      const inTurn = [...consumers.slice(after), ...consumers.slice(0, after)];
      const next = inTurn.find(({ free }) => free > 0) ?? null;
      last = next?.id ?? last;
      return next;
    },
  };
}

/** Rendezvous hashing (Thaler and Ravishankar 1998): when a consumer comes or goes, only its own keys move. */
function pinned(keyOf: (message: Message) => string): Choice {
  return {
    skipsBusy: true,
    pick(message, consumers) {
      const key = keyOf(message);
      let best: (typeof consumers)[number] | null = null;
      let highest = '';
      for (const consumer of consumers) {
        const weight = createHash('sha256').update(`${consumer.id}/${key}`).digest('hex');
        if (weight > highest) [best, highest] = [consumer, weight];
      }
      return best !== null && best.free > 0 ? best : null;
    },
  };
}
