import { leafBytes } from '@oort/algorithms-possession';
import { leafHash, MerkleLog } from '@oort/kernel-merkle';

/** The Merkle root (RFC 6962, SHA-256, leaves of 1 KiB) over the plain bytes of an object, whatever it lies on:
 *  an archive and its restore agree on it, and so does anybody who has the file. */
export class ContentRoot {
  readonly #log = new MerkleLog();
  #rest: Buffer = Buffer.alloc(0);

  update(bytes: Uint8Array): void {
    const joined = Buffer.concat([this.#rest, bytes]);
    const whole = joined.length - (joined.length % leafBytes);
    for (let offset = 0; offset < whole; offset += leafBytes) this.#log.append(leafHash(joined.subarray(offset, offset + leafBytes)));
    this.#rest = joined.subarray(whole);
  }

  /** Hex. The empty object has one empty leaf. */
  digest(): string {
    if (this.#rest.length > 0 || this.#log.size === 0) this.#log.append(leafHash(this.#rest));
    return this.#log.root().toString('hex');
  }
}
