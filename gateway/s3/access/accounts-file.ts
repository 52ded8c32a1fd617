// Accounts and keys that the door is started with, beside those of the platform: for suites and servers that bring their own.
//   { "accounts": [{ "id": "main", "canonicalId": "…64 hex…", "displayName": "Main", "email": "main@example.com",
//                    "keys": [{ "accessKeyId": "…", "secretAccessKey": "…" }] }],
//     "newBuckets": { "objectOwnership": "ObjectWriter", "blockPublicAccess": false } }
import { readFileSync } from 'node:fs';
import { Fault, messageOf } from '@oort/kernel-wire';
import type { S3Credentials } from '../sigv4';
import { ownerships, safeDefaults, type BucketDefaults } from './bucket-rules';
import { anonymous, platformIdentities, type Identities, type Identity } from './identities';

/** The file that OORT_S3_ACCOUNTS names cannot be used as it is. */
export class AccountsFileUnusable extends Fault {
  constructor(path: string, why: string) { super('ACCOUNTS_FILE_UNUSABLE', `${path} cannot be used as S3 accounts: ${why}`); }
}

export interface StartedWith {
  findS3Key(accessKeyId: string): S3Credentials | null;
  readonly identities: Identities;
  readonly bucketDefaults: BucketDefaults;
}

type FindS3Key = StartedWith['findS3Key'];

/** Read at once, so that a bad file ends a start before anything is made; what it says stands over the platform's own. Without a path
 *  there are only those. Throws AccountsFileUnusable. */
export function readS3Accounts(path: string | null): (ofPlatform: FindS3Key) => StartedWith {
  if (path === null) return (ofPlatform) => ({ findS3Key: ofPlatform, identities: platformIdentities, bucketDefaults: safeDefaults });
  const file = new AccountsFile(path);
  return (ofPlatform) => file.over(ofPlatform);
}

type Fields = Readonly<Record<string, unknown>>;

class AccountsFile {
  readonly #path: string;
  readonly #keys = new Map<string, S3Credentials>();
  readonly #identities = new Map<string, Identity>();
  readonly #accountIds = { canonicalId: new Map<string, string>(), email: new Map<string, string>() };
  readonly #defaults: BucketDefaults;

  constructor(path: string) {
    this.#path = path;
    const whole = this.#fields(this.#json(), 'the file', ['accounts', 'newBuckets']);
    for (const account of this.#list(whole['accounts'], 'accounts')) this.#account(this.#fields(account, 'an account', ['id', 'canonicalId', 'displayName', 'email', 'keys']));
    this.#defaults = this.#newBuckets(whole['newBuckets']);
  }

  over(ofPlatform: FindS3Key): StartedWith {
    const { canonicalId: byCanonicalId, email: byEmail } = this.#accountIds;
    return {
      findS3Key: (accessKeyId) => this.#keys.get(accessKeyId) ?? ofPlatform(accessKeyId),
      identities: {
        of: (accountId) => this.#identities.get(accountId) ?? platformIdentities.of(accountId),
        withCanonicalId: (canonicalId) => byCanonicalId.get(canonicalId) ?? platformIdentities.withCanonicalId(canonicalId),
        withEmail: (email) => byEmail.get(email.toLowerCase()) ?? null,
      },
      bucketDefaults: this.#defaults,
    };
  }

  #account(given: Fields): void {
    const accountId = this.#text(given['id'], 'id');
    if (!/^[\w-]{1,64}$/.test(accountId) || accountId === anonymous || accountId === 'platform') throw this.#refused(`no account can be called ${accountId}`);
    if (this.#identities.has(accountId)) throw this.#refused(`there are two accounts ${accountId}`);
    const canonicalId = given['canonicalId'] === undefined ? accountId : this.#text(given['canonicalId'], 'canonicalId');
    const displayName = given['displayName'] === undefined ? accountId : this.#text(given['displayName'], 'displayName');
    this.#identities.set(accountId, { accountId, canonicalId, displayName });
    this.#once(this.#accountIds.canonicalId, canonicalId, accountId);
    if (given['email'] !== undefined) this.#once(this.#accountIds.email, this.#text(given['email'], 'email').toLowerCase(), accountId);
    for (const key of this.#list(given['keys'], `keys of ${accountId}`)) {
      const { accessKeyId: name, secretAccessKey: secret } = this.#fields(key, 'a key', ['accessKeyId', 'secretAccessKey']);
      const accessKeyId = this.#text(name, 'accessKeyId');
      if (!/^[\w-]{3,128}$/.test(accessKeyId)) throw this.#refused(`an access key id has 3 to 128 letters, digits, _ and -: ${accessKeyId}`);
      if (this.#keys.has(accessKeyId)) throw this.#refused(`the access key ${accessKeyId} is there twice`);
      this.#keys.set(accessKeyId, { accountId, accessKeyId, secretAccessKey: this.#text(secret, `secretAccessKey of ${accessKeyId}`) });
    }
  }

  #newBuckets(value: unknown): BucketDefaults {
    if (value === undefined) return safeDefaults;
    const { objectOwnership = safeDefaults.ownership, blockPublicAccess = true } = this.#fields(value, 'newBuckets', ['objectOwnership', 'blockPublicAccess']);
    const ownership = ownerships.find((name) => name === objectOwnership);
    if (ownership === undefined) throw this.#refused(`objectOwnership is one of ${ownerships.join(', ')}`);
    if (typeof blockPublicAccess !== 'boolean') throw this.#refused('blockPublicAccess is true or false');
    return { ownership, blockPublicAccess };
  }

  #once(known: Map<string, string>, name: string, accountId: string): void {
    if (known.has(name)) throw this.#refused(`${name} is of two accounts`);
    known.set(name, accountId);
  }

  #json(): unknown {
    try {
      const parsed: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return parsed;
    } catch (error) {
      throw this.#refused(messageOf(error));
    }
  }

  #fields(value: unknown, what: string, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#refused(`${what} is no object`);
    const unknown = Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined) throw this.#refused(`${what} has no field ${unknown}`);
    return { ...value };
  }

  #list(value: unknown, what: string): readonly unknown[] {
    if (!Array.isArray(value) || value.length === 0) throw this.#refused(`${what} is a list of one or more`);
    const listed: readonly unknown[] = value;
    return listed;
  }

  #text(value: unknown, what: string): string {
    if (typeof value !== 'string' || value === '' || value.length > 1024) throw this.#refused(`${what} is a text`);
    return value;
  }

  #refused(why: string): AccountsFileUnusable { return new AccountsFileUnusable(this.#path, why); }
}
