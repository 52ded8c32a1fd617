// Parts of pieces over kept connections. Large reads spend their time here, so a socket reads straight into the memory that a part is
// wanted in, and an answer is understood as far as piece servers give it: one with a Content-Length (RFC 9112, section 6.3).
import { connect, type Socket } from 'node:net';
import { ConnectionLost } from './faults';

export interface PartAnswer { readonly status: number; /** Of a success a view of the memory that was given; empty when there was more than that. */ readonly body: Buffer }

export interface PartToRead {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly target: Buffer;
  readonly signal?: AbortSignal;
}

const connectMs = 2_000;
const idleMs = 30_000;
const longestHead = 4 * 1024;
const longestRefusal = 64 * 1024;

/** The answer needs a client that knows more of HTTP. */
export const notPlain = 'not plain';

export class PartReader {
  readonly #idle = new Map<string, Connection[]>();
  readonly #all = new Set<Connection>();

  /** Without a byte for so long an answer will not come. */
  constructor(private readonly answerMs: number) {}

  /** Rejects with ConnectionLost, also when it is aborted. */
  async read(origin: string, part: PartToRead): Promise<PartAnswer | typeof notPlain> {
    const { protocol, hostname, port, host } = new URL(origin);
    if (protocol !== 'http:') return notPlain;
    for (;;) {
      const kept = this.#kept(origin);
      const connection = kept ?? this.#open(hostname, Number(port === '' ? 80 : port));
      try {
        const answer = await connection.ask(host, part, this.answerMs);
        if (connection.open) this.#keep(origin, connection);
        return answer;
      } catch (error) {
        // A server may close a kept connection in the moment in which it is used again.
        if (kept === undefined || connection.answered || part.signal?.aborted === true) throw error;
      }
    }
  }

  close(): void { for (const connection of this.#all) connection.destroy(); }

  /** One that is open still: a server may have ended it while nobody used it. */
  #kept(origin: string): Connection | undefined {
    const idle = this.#idle.get(origin) ?? [];
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) if (last.open) return last;
    return undefined;
  }

  #open(hostname: string, port: number): Connection {
    const connection = new Connection(hostname, port, () => { this.#all.delete(connection); });
    this.#all.add(connection);
    return connection;
  }

  #keep(origin: string, connection: Connection): void {
    const idle = (this.#idle.get(origin) ?? []).filter(({ open }) => open);
    this.#idle.set(origin, [...idle, connection]);
  }
}

interface Settle { resolve(answer: PartAnswer | typeof notPlain): void; reject(error: Error): void }

class Connection {
  readonly #socket: Socket;
  readonly #head = Buffer.allocUnsafeSlow(longestHead);
  #headBytes = 0;
  #body: Buffer | null = null;
  #bodyBytes = 0;
  #status = 0;
  #part: PartToRead | null = null;
  #last = false;
  #settle: Settle | null = null;
  /** Whether a byte of the last answer came. */
  answered = false;

  constructor(host: string, port: number, gone: () => void) {
    this.#socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, noDelay: true, onread: { buffer: () => this.#space(), callback: (bytes) => this.#took(bytes) } });
    this.#socket.setTimeout(connectMs);
    this.#socket.on('timeout', () => { this.#lose('it did not answer in time'); });
    this.#socket.on('error', (error) => { this.#lose(String(error)); });
    this.#socket.on('close', () => {
      this.#lose('the connection ended');
      gone();
    });
  }

  get open(): boolean { return !this.#socket.destroyed && this.#socket.writable; }

  destroy(): void { this.#socket.destroy(); }

  ask(host: string, part: PartToRead, answerMs: number): Promise<PartAnswer | typeof notPlain> {
    const { path, headers, signal } = part;
    const abort = (): void => { this.#lose('it is not wanted any more'); };
    return new Promise<PartAnswer | typeof notPlain>((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#part = part;
      this.answered = false;
      if (signal?.aborted === true) return abort();
      // Of a socket that was destroyed no event comes any more.
      if (this.#socket.destroyed) return this.#lose('the connection ended');
      signal?.addEventListener('abort', abort, { once: true });
      this.#socket.ref();
      if (!this.#socket.connecting) this.#socket.setTimeout(answerMs);
      else this.#socket.once('connect', () => this.#socket.setTimeout(answerMs));
      const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      this.#socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
    }).finally(() => signal?.removeEventListener('abort', abort));
  }

  /** Where the socket puts what it reads next. */
  #space(): Uint8Array {
    return this.#body === null ? this.#head.subarray(this.#headBytes) : this.#body.subarray(this.#bodyBytes);
  }

  /** Whether more is to be read. */
  #took(bytes: number): boolean {
    if (this.#settle === null) {
      this.destroy();
      return false;
    }
    this.answered = true;
    if (this.#body !== null) this.#bodyBytes += bytes;
    else if (!this.#begin(bytes)) return !this.#socket.destroyed;
    if (this.#body !== null && this.#bodyBytes === this.#body.length) this.#end({ status: this.#status, body: this.#body });
    return !this.#socket.destroyed;
  }

  /** Whether the head is complete and the body wanted. */
  #begin(bytes: number): boolean {
    this.#headBytes += bytes;
    const end = this.#head.subarray(0, this.#headBytes).indexOf('\r\n\r\n');
    if (end === -1) {
      if (this.#headBytes === longestHead) this.#giveUp(notPlain);
      return false;
    }
    const head = this.#head.toString('latin1', 0, end);
    const [, status = ''] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
    const [, length = ''] = /^content-length:[ \t]*(\d{1,15})[ \t]*\r?$/im.exec(head) ?? [];
    this.#status = Number(status);
    this.#last = /^connection:[ \t]*close/im.test(head);
    const rest = this.#head.subarray(end + 4, this.#headBytes);
    if (this.#status < 200 || length === '' || /^transfer-encoding:/im.test(head)) this.#giveUp(notPlain);
    else if (this.#status >= 300) {
      if (Number(length) > longestRefusal) this.#giveUp({ status: this.#status, body: Buffer.alloc(0) });
      else this.#body = Buffer.alloc(Number(length));
    } else if (Number(length) > (this.#part?.target.length ?? 0)) this.#giveUp({ status: this.#status, body: Buffer.alloc(0) });
    else this.#body = this.#part?.target.subarray(0, Number(length)) ?? null;
    if (this.#body === null) return false;
    if (rest.length > this.#body.length) {
      this.#lose('it sent more than it announced');
      return false;
    }
    this.#bodyBytes = rest.copy(this.#body);
    return true;
  }

  #end(answer: PartAnswer): void {
    const settle = this.#forget();
    if (this.#last) this.destroy();
    this.#socket.setTimeout(idleMs);
    // A process that has nothing else to do may end.
    this.#socket.unref();
    settle?.resolve(answer);
  }

  #giveUp(answer: PartAnswer | typeof notPlain): void {
    const settle = this.#forget();
    this.destroy();
    settle?.resolve(answer);
  }

  /** Nothing is read into the memory of the part from here on. */
  #lose(reason: string): void {
    const settle = this.#forget();
    this.destroy();
    settle?.reject(new ConnectionLost(reason));
  }

  #forget(): Settle | null {
    const settle = this.#settle;
    [this.#settle, this.#part, this.#body] = [null, null, null];
    [this.#headBytes, this.#bodyBytes] = [0, 0];
    return settle;
  }
}
