// How much the door takes on at once. Beyond that a request waits for a while, and beyond what may wait it is told to slow down, which
// SDKs answer with waiting longer each time. Nothing of a request is read, and no signature is checked, before it is let in.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from './s3-error';

export interface PressureLimits {
  /** Requests that are worked on, slow readers and writers included. */
  readonly atOnce: number;
  /** Requests that wait for one of those to end. */
  readonly waiting: number;
  /** How long one waits before it is refused. */
  readonly waitMs: number;
}

/** A request that takes a body or gives one holds at most a few stripes, so memory is bounded by `atOnce`. */
export const defaultLimits: PressureLimits = { atOnce: 1_000, waiting: 1_000, waitMs: 10_000 };

const retryAfterSeconds = 1;

interface Waiting { enter(): void }

export class Pressure {
  readonly #limits: PressureLimits;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  constructor(limits: PressureLimits = defaultLimits) { this.#limits = limits; }

  /** In the order of arrival. `leave` is called once, at the end. Throws S3Error SlowDown; null when the client left while it waited. */
  async enter(incoming: IncomingMessage, response: ServerResponse): Promise<{ leave(): void } | null> {
    const { atOnce, waiting, waitMs } = this.#limits;
    if (this.#inside >= atOnce) {
      if (this.#waiting.size >= waiting) throw slowDown();
      const outcome = await this.#wait(incoming, response, waitMs);
      if (outcome === 'late') throw slowDown();
      if (outcome === 'gone') return null;
    } else {
      this.#inside += 1;
    }
    return { leave: () => { this.#leave(); } };
  }

  /** The place of the one that leaves goes to the one that waited longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#waiting.delete(next);
    next.enter();
  }

  #wait({ socket }: IncomingMessage, response: ServerResponse, waitMs: number): Promise<'in' | 'late' | 'gone'> {
    return new Promise((resolve) => {
      const end = (how: 'in' | 'late' | 'gone'): void => {
        clearTimeout(timer);
        response.off('close', gone);
        this.#waiting.delete(waiting);
        resolve(how);
      };
      const gone = (): void => { end('gone'); };
      const waiting = { enter: (): void => { end('in'); } };
      const timer = setTimeout(() => { end('late'); }, waitMs);
      this.#waiting.add(waiting);
      response.once('close', gone);
      if (socket.destroyed) gone();
    });
  }
}

function slowDown(): S3Error {
  return new S3Error('SlowDown', 'Please reduce your request rate.', { 'retry-after': String(retryAfterSeconds) });
}
