// Signers recovered on a thread of their own, many at a time: on the thread that orders blocks one recovery costs as much as a whole transfer.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { addressOfKey, recoverKey } from './curve';
import type { Address } from './hex';
import type { SignedFields } from './signed-fields';
import { signedDigest } from './transaction';

type Signed = Pick<SignedFields, 'payload' | 'signature' | 'parity'>;
interface Asked { readonly signed: Signed; readonly resolve: (author: Address | null) => void }

/** Fewer are done at once where they are asked for: handing them over would take longer. */
const fewest = 4;
const [askedBytes, digestBytes, parityAt, keyBytes] = [97, 32, 96, 65];

export class Recovery {
  #worker: Worker | null = null;
  #failed = false;
  #waiting: Asked[] = [];
  readonly #sent = new Map<number, readonly Asked[]>();
  #number = 0;

  /** Who signed it; null where nobody can have. */
  authorOf(signed: Signed): Promise<Address | null> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(() => { this.#flush(); });
      this.#waiting.push({ signed, resolve });
    });
  }

  async close(): Promise<void> {
    this.#failed = true;
    await this.#worker?.terminate();
  }

  #flush(): void {
    const asked = this.#waiting;
    this.#waiting = [];
    const worker = asked.length < fewest ? null : this.#started();
    if (worker === null) {
      answerHere(asked);
      return;
    }
    const bytes = new Uint8Array(asked.length * askedBytes);
    for (const [at, { signed }] of asked.entries()) {
      bytes.set(signedDigest(signed), at * askedBytes);
      bytes.set(signed.signature, at * askedBytes + digestBytes);
      bytes[at * askedBytes + parityAt] = signed.parity;
    }
    this.#number += 1;
    this.#sent.set(this.#number, asked);
    worker.postMessage({ id: this.#number, asked: bytes }, [bytes.buffer]);
  }

  #started(): Worker | null {
    if (this.#failed || this.#worker !== null) return this.#failed ? null : this.#worker;
    const worker = new Worker(join(__dirname, 'recovery-worker.cjs'), { execArgv: [] });
    worker.unref();
    worker.on('message', ({ id, keys }: { readonly id: number; readonly keys: Uint8Array }) => {
      const asked = this.#sent.get(id) ?? [];
      this.#sent.delete(id);
      for (const [at, { resolve }] of asked.entries()) {
        const key = keys.subarray(at * keyBytes, (at + 1) * keyBytes);
        resolve(key[0] === 0 ? null : addressOfKey(key));
      }
    });
    worker.once('error', () => { this.#fall(); });
    worker.once('exit', () => { this.#fall(); });
    this.#worker = worker;
    return worker;
  }

  /** Without its thread everything that was handed over is done here, and so is the rest. */
  #fall(): void {
    this.#failed = true;
    for (const asked of this.#sent.values()) answerHere(asked);
    this.#sent.clear();
  }
}

function answerHere(asked: readonly Asked[]): void {
  for (const { signed, resolve } of asked) {
    const key = recoverKey(signedDigest(signed), signed.signature, signed.parity);
    resolve(key === null ? null : addressOfKey(key));
  }
}
