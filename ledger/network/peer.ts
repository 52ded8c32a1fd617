// One link: frames in and out, bounded at both ends, and a score of what was not as it should be.
import type { TLSSocket } from 'node:tls';
import { decodeMessage, encodeMessage, largestMessage, MalformedMessage, type Hello, type Message } from './messages';

/** Of misdeeds: at a hundred the peer is banned. */
export const banAt = 100;
/** Said and not taken yet: beyond the first gossip is dropped, since tips are repeated; beyond the second the link is. */
const gossipBytes = 4 * 1024 * 1024;
const mostBytes = 32 * 1024 * 1024;
/** Heard and not handled yet: beyond either the socket waits. */
const mostWaiting = 64;
const mostWaitingBytes = 8 * 1024 * 1024;

export interface PeerEvents {
  readonly message: (peer: PeerLink, message: Message) => void | Promise<void>;
  readonly ban: (peer: PeerLink, why: string) => void;
  readonly gone: (peer: PeerLink) => void;
}

export class PeerLink {
  hello: Hello | null = null;
  score = 0;
  readonly #waiting: { readonly message: Message; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #heard: Buffer = Buffer.alloc(0);
  #handling = false;
  #ended = false;

  constructor(readonly id: string, readonly host: string, readonly outbound: boolean, private readonly socket: TLSSocket, private readonly events: PeerEvents) {
    socket.on('data', (chunk: Buffer) => { this.#take(chunk); });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      events.gone(this);
    });
  }

  /** False where the other end takes too little: a message of gossip is then not sent. */
  send(message: Message, gossip = false): boolean {
    if (this.#ended) return false;
    if (this.socket.writableLength > (gossip ? gossipBytes : mostBytes)) {
      if (!gossip) this.socket.destroy();
      return false;
    }
    if (this.socket.writableCorked === 0) {
      // What is said in one turn goes out together.
      this.socket.cork();
      setImmediate(() => { this.socket.uncork(); });
    }
    this.socket.write(encodeMessage(message));
    return true;
  }

  penalise(points: number, why: string): void {
    this.score += points;
    if (this.score >= banAt && !this.#ended) this.events.ban(this, why);
  }

  close(code?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (code !== undefined) this.socket.write(encodeMessage({ kind: 'bye', code }));
    while (this.socket.writableCorked > 0) this.socket.uncork();
    this.socket.destroySoon();
  }

  #take(chunk: Buffer): void {
    if (this.#ended) return;
    this.#heard = this.#heard.length === 0 ? chunk : Buffer.concat([this.#heard, chunk]);
    try {
      for (;;) {
        if (this.#heard.length < 4) break;
        const length = this.#heard.readUInt32BE();
        if (length === 0 || length > largestMessage) throw new MalformedMessage(`${length} bytes`);
        if (this.#heard.length < 4 + length) break;
        this.#waiting.push({ message: decodeMessage(this.#heard.subarray(4, 4 + length)), bytes: length });
        this.#waitingBytes += length;
        this.#heard = this.#heard.subarray(4 + length);
      }
    } catch (error) {
      this.penalise(banAt, error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#waiting.length > mostWaiting || this.#waitingBytes > mostWaitingBytes) this.socket.pause();
    void this.#handle();
  }

  async #handle(): Promise<void> {
    if (this.#handling) return;
    this.#handling = true;
    for (let next = this.#waiting.shift(); next !== undefined && !this.#ended; next = this.#waiting.shift()) {
      this.#waitingBytes -= next.bytes;
      await this.events.message(this, next.message);
      if (this.#waiting.length === 0) this.socket.resume();
    }
    this.#handling = false;
  }
}
