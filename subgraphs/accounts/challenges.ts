// Sign-in challenges that wait for their signature. Each is good once and for five minutes; a restart forgets them, and the wallet asks again.
import { randomBytes } from 'node:crypto';

const lifetimeMs = 5 * 60_000;
/** Anyone may ask, so what waits is bounded: the oldest gives way. */
const limit = 10_000;

export interface Challenge {
  readonly nonce: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export class Challenges {
  readonly #waiting = new Map<string, Challenge>();

  issue(now: Date): Challenge {
    const challenge = {
      nonce: randomBytes(16).toString('hex'),
      issuedAt: now,
      expiresAt: new Date(now.getTime() + lifetimeMs),
    };
    this.#waiting.set(challenge.nonce, challenge);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > limit && oldest !== undefined) this.#waiting.delete(oldest);
    return challenge;
  }

  /** True once for a nonce that waits. */
  take(nonce: string, now: Date): boolean {
    const challenge = this.#waiting.get(nonce);
    this.#waiting.delete(nonce);
    return challenge !== undefined && challenge.expiresAt > now;
  }
}

export function nonceOf(message: string): string | null {
  return /^Nonce: ([0-9a-zA-Z]{8,})$/m.exec(message)?.[1] ?? null;
}
