// What an object's key is wrapped with. Always the account's key, so that forgetting the account forgets the object; with another
// key besides the wrapping key follows from both (HKDF, RFC 5869), so neither opens it alone: a customer's, which is kept nowhere, or one
// of a keyring. The wrapping proves itself (RFC 3394), so a wrong key is known before anything is read.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyStore } from '@oort/kernel-eventstore';
import { canonicalJson, Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import type { ObjectEncryption } from '@oort/schema/events/storage';
import { accountKeyId } from './account-key';
import { unwrapKey, wrapKey } from './data-path/sealing';
import type { EncryptionKeys, KeyName } from './encryption-keys/encryption-keys';

/** What a write asks for. Absent: the account's key alone. */
export type AskedEncryption =
  | { readonly kind: 'customer'; /** 32 bytes. */ readonly key: Uint8Array }
  | KeyName & { readonly kind: 'kms'; /** Base64 of a JSON object of strings. */ readonly context?: string; readonly bucketKey?: boolean };

/** What was asked for brings a key where there is none, none where there is one, or another. */
export class WrongObjectKey extends Fault {
  constructor(readonly reason: 'missing' | 'not applicable' | 'wrong') { super('WRONG_OBJECT_KEY', `The key of the object is ${reason}.`); }
}

/** A fresh key, wrapped. */
export interface NewObjectKey { readonly objectKey: Buffer; readonly wrappedKey: string; readonly encryption?: ObjectEncryption }

interface Sealed { readonly accountId: string; readonly wrappedKey: string; readonly encryption?: ObjectEncryption }

export class ObjectKeys {
  constructor(private readonly keys: KeyStore, private readonly managed: Pick<EncryptionKeys, 'toWrap' | 'toUnwrap'>) {}

  /** Throws KeyUnusable. */
  async newKey(accountId: string, asked?: AskedEncryption): Promise<NewObjectKey> {
    const objectKey = randomBytes(32);
    const accountKey = await this.keys.obtain(accountKeyId(accountId));
    if (asked === undefined) return { objectKey, wrappedKey: wrapKey(objectKey, accountKey) };
    if (asked.kind === 'customer') return { objectKey, wrappedKey: wrapKey(objectKey, withCustomers(accountKey, asked.key)), encryption: { kind: 'customer' } };
    const { version, bytes } = await this.managed.toWrap(asked);
    return { objectKey, wrappedKey: wrapKey(objectKey, withManaged(accountKey, bytes, asked.context)), encryption: { ...asked, keyVersion: version } };
  }

  /** What opens `wrappedKey`. Throws WrongObjectKey, KeyUnusable. */
  async wrappingKey({ accountId, wrappedKey, encryption }: Sealed, customerKey?: Uint8Array): Promise<Uint8Array> {
    const accountKey = await this.keys.obtain(accountKeyId(accountId));
    if (encryption?.kind !== 'customer') {
      if (customerKey !== undefined) throw new WrongObjectKey('not applicable');
      return encryption === undefined ? accountKey : withManaged(accountKey, await this.managed.toUnwrap(encryption), encryption.context);
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

  /** The object's own key. Throws WrongObjectKey, KeyUnusable. */
  async open(sealed: Sealed, customerKey?: Uint8Array): Promise<Buffer> {
    return unwrapKey(sealed.wrappedKey, await this.wrappingKey(sealed, customerKey));
  }
}

/** What is shown and recorded of the bytes that have these digests. Of bytes under another key than the account's nothing that a guess at
 *  them could be held against: their digests are keyed with the object's own key. */
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

/** The context counts as it means, and not as it is written. */
function withManaged(accountKey: Uint8Array, bytes: Uint8Array, context = ''): Buffer {
  const pairs = context === '' ? {} : JSON.parse(Buffer.from(context, 'base64').toString('utf8')) as Json;
  return Buffer.from(hkdfSync('sha256', bytes, accountKey, `oort/encryption-key/${sha256Hex(Buffer.from(canonicalJson(pairs)))}`, 32));
}
