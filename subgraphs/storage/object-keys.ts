// What an object's key is wrapped with. Always the account's key, so that forgetting the account forgets the object; with a customer's
// key the wrapping key follows from both (HKDF, RFC 5869), so neither opens it alone, and the customer's is kept nowhere. The
// wrapping proves itself (RFC 3394), so a wrong key is known before anything is read.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyStore } from '@oort/kernel-eventstore';
import { Fault } from '@oort/kernel-wire';
import type { ObjectEncryption } from '@oort/schema/events/storage';
import { accountKeyId } from './account-key';
import { unwrapKey, wrapKey } from './data-path/sealing';

/** What a write asks for. Absent: the account's key alone. */
export interface AskedEncryption { readonly kind: 'customer'; /** 32 bytes. */ readonly key: Uint8Array }

/** What was asked for brings a key where there is none, none where there is one, or another. */
export class WrongObjectKey extends Fault {
  constructor(readonly reason: 'missing' | 'not applicable' | 'wrong') { super('WRONG_OBJECT_KEY', `The key of the object is ${reason}.`); }
}

/** A fresh key, wrapped. */
export interface NewObjectKey { readonly objectKey: Buffer; readonly wrappedKey: string; readonly encryption?: ObjectEncryption }

interface Sealed { readonly accountId: string; readonly wrappedKey: string; readonly encryption?: ObjectEncryption }

export class ObjectKeys {
  constructor(private readonly keys: KeyStore) {}

  async newKey(accountId: string, asked?: AskedEncryption): Promise<NewObjectKey> {
    const objectKey = randomBytes(32);
    const accountKey = await this.keys.obtain(accountKeyId(accountId));
    if (asked === undefined) return { objectKey, wrappedKey: wrapKey(objectKey, accountKey) };
    return { objectKey, wrappedKey: wrapKey(objectKey, withCustomers(accountKey, asked.key)), encryption: { kind: 'customer' } };
  }

  /** What opens `wrappedKey`. Throws WrongObjectKey. */
  async wrappingKey({ accountId, wrappedKey, encryption }: Sealed, customerKey?: Uint8Array): Promise<Uint8Array> {
    const accountKey = await this.keys.obtain(accountKeyId(accountId));
    if (encryption === undefined) {
      if (customerKey !== undefined) throw new WrongObjectKey('not applicable');
      return accountKey;
    }
    if (customerKey === undefined) throw new WrongObjectKey('missing');
    const key = withCustomers(accountKey, customerKey);
    try {
      unwrapKey(wrappedKey, key);
    } catch {
      throw new WrongObjectKey('wrong');
    }
    return key;
  }

  /** The object's own key. Throws WrongObjectKey. */
  async open(sealed: Sealed, customerKey?: Uint8Array): Promise<Buffer> {
    return unwrapKey(sealed.wrappedKey, await this.wrappingKey(sealed, customerKey));
  }
}

/** What is shown and recorded of the bytes that have these digests. Of bytes under a customer's key nothing that a guess at them could
 *  be held against: their digests are keyed with the object's own key. */
export function shownDigests(
  { md5, sha256, contentId }: { readonly md5: string; readonly sha256: string; readonly contentId: string }, { objectKey, encryption }: Pick<NewObjectKey, 'objectKey' | 'encryption'>,
): { readonly etag: string; readonly sha256: string; readonly contentId: string } {
  if (encryption === undefined) return { etag: md5, sha256, contentId };
  const keyed = (digest: string): string => createHmac('sha256', objectKey).update(`oort/digest/${digest}`).digest('hex');
  return { etag: keyed(md5).slice(0, 32), sha256: keyed(sha256), contentId: '' };
}

function withCustomers(accountKey: Uint8Array, customerKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', customerKey, accountKey, 'oort/customer-key', 32));
}
