// Encryption keys that accounts manage: who may use which, and their bytes. A key's bytes are made here, lie in the key store under the
// key's id and version, leave it for nobody, and are destroyed when its waiting period is over: then what it wrapped is gone for good.
import { setTimeout as sleep } from 'node:timers/promises';
import { command, createHandler, type Outcome } from '@oort/kernel-decider';
import type { EventStore, KeyStore } from '@oort/kernel-eventstore';
import { Fault } from '@oort/kernel-wire';
import type { ObjectEncryption } from '@oort/schema/events/storage';
import { KnownStates } from '../known-states';
import type { KeyringRefusal } from '../refusals';
import type { KeyringCommand } from './commands';
import { defaultAlias, defaultKeyId, keyringDecider, type EncryptionKey, type Keyring } from './keyring';

export interface KeyName { readonly ownerId: string; readonly keyId: string }

type Managed = Extract<ObjectEncryption, { readonly kind: 'kms' }>;

export class KeyUnusable extends Fault {
  constructor(readonly reason: 'unknown' | 'disabled' | 'pending deletion' | 'not granted', readonly key: string) { super('KEY_UNUSABLE', `The encryption key ${key} is ${reason}.`, { key, reason }); }
}

/** A name of no account's: sees its own keys only. */
const arn = /^arn:(?:aws|oort):kms:[\w-]*:([\w-]{1,80}):(key|alias)\/(.+)$/;

export function keyArn({ ownerId, keyId }: KeyName): string { return `arn:oort:kms::${ownerId}:key/${keyId}`; }

export interface EncryptionKeysOptions { readonly store: EventStore; readonly keys: KeyStore; now(): Date }

export class EncryptionKeys {
  readonly #options: EncryptionKeysOptions;
  readonly #known: KnownStates<Keyring, Parameters<typeof keyringDecider.evolve>[1]>;
  readonly #handle: (accountId: string, asked: KeyringCommand) => Promise<Outcome<Keyring, KeyringRefusal>>;

  constructor(options: EncryptionKeysOptions) {
    this.#options = options;
    this.#known = new KnownStates(options.store, keyringDecider);
    this.#handle = createHandler({ store: options.store, decider: keyringDecider, now: () => options.now() });
  }

  keyring(accountId: string): Promise<Keyring> { return this.#known.load(accountId); }

  ask(asked: KeyringCommand): Promise<Outcome<Keyring, KeyringRefusal>> { return this.#handle(asked.data.accountId, asked); }

  /** By the key's id, its alias, or the ARN of either; null is the asker's default key, made when it is first asked for. Throws KeyUnusable. */
  async named(name: string | null, asker: string): Promise<KeyName> {
    if (name === null || name === defaultAlias) return this.#defaultKey(asker);
    const [, ownerId = asker, kind = name.startsWith('alias/') ? 'alias' : 'key', rest = name.replace(/^alias\//, '')] = arn.exec(name) ?? [];
    const { keys, aliases } = await this.keyring(ownerId);
    const keyId = kind === 'alias' ? aliases.get(`alias/${rest}`) : rest;
    if (keyId === undefined || !keys.has(keyId)) throw new KeyUnusable('unknown', name);
    return { ownerId, keyId };
  }

  async #defaultKey(ownerId: string): Promise<KeyName> {
    const keyId = defaultKeyId(ownerId);
    if (!(await this.keyring(ownerId)).keys.has(keyId)) {
      const done = await this.ask(command('CreateEncryptionKey', { accountId: ownerId, keyId, description: 'Default key that protects my objects when no other key is defined', alias: defaultAlias }, { actor: 'platform', now: this.#options.now() }));
      if (!done.ok && done.refusal.code !== 'ENCRYPTION_KEY_EXISTS') throw new KeyUnusable('unknown', keyId);
    }
    return { ownerId, keyId };
  }

  /** The version that wraps now, and its bytes. Throws KeyUnusable. */
  async toWrap(name: KeyName): Promise<{ readonly version: number; readonly bytes: Buffer }> {
    const { version } = await this.#usable(name);
    return { version, bytes: await this.#options.keys.obtain(bytesId(name, version)) };
  }

  /** Throws KeyUnusable. */
  async toUnwrap({ keyVersion, ...name }: Managed): Promise<Buffer> {
    await this.#usable(name);
    const bytes = await this.#options.keys.find(bytesId(name, keyVersion));
    if (bytes === null) throw new KeyUnusable('unknown', name.keyId);
    return bytes;
  }

  /** Throws KeyUnusable where the account is neither the key's owner nor was granted its use. */
  async allow(name: KeyName, accountId: string): Promise<void> {
    if (accountId === name.ownerId) return;
    if ((await this.keyring(name.ownerId)).keys.get(name.keyId)?.grantees.includes(accountId) !== true) throw new KeyUnusable('not granted', name.keyId);
  }

  async #usable({ ownerId, keyId }: KeyName): Promise<EncryptionKey> {
    const key = (await this.keyring(ownerId)).keys.get(keyId);
    if (key === undefined || key.deleted) throw new KeyUnusable('unknown', keyId);
    if (key.deleteAt !== null) throw new KeyUnusable('pending deletion', keyId);
    if (!key.enabled) throw new KeyUnusable('disabled', keyId);
    return key;
  }

  /** Destroys the bytes of each key whose waiting period is over, until the signal. What the log says of earlier ones is carried out too. */
  async run(signal: AbortSignal): Promise<void> {
    const due = new Map<string, KeyName & { readonly at: Date }>();
    void this.#carryOut(due, signal);
    try {
      for await (const delivery of this.#options.store.subscribe({ from: 'start', filter: { streamPrefixes: [`${keyringDecider.category}-`] }, signal })) {
        if (delivery.kind !== 'event') continue;
        const { type, data } = delivery.event;
        const { accountId: ownerId, keyId, deleteAt } = data as unknown as { readonly accountId: string; readonly keyId: string; readonly deleteAt: string };
        if (type === 'EncryptionKeyDeletionScheduled') due.set(keyId, { ownerId, keyId, at: new Date(deleteAt) });
        else if (type === 'EncryptionKeyDeletionCancelled') due.delete(keyId);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #carryOut(due: Map<string, KeyName & { readonly at: Date }>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nowMs = this.#options.now().getTime();
      for (const { at, ...name } of [...due.values()].filter((each) => each.at.getTime() <= nowMs)) {
        await this.#destroy(name).then(() => due.delete(name.keyId), (error: unknown) => process.emitWarning(`the encryption key ${name.keyId} was not destroyed: ${String(error)}`));
      }
      await sleep(lookMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** The event first: after a crash in between, the same again destroys the bytes. */
  async #destroy(name: KeyName): Promise<void> {
    const now = this.#options.now();
    await this.ask(command('DeleteEncryptionKey', { accountId: name.ownerId, keyId: name.keyId, at: now.toISOString() }, { actor: 'platform', now }));
    const key = (await this.keyring(name.ownerId)).keys.get(name.keyId);
    if (key?.deleted !== true) return;
    for (let version = 1; version <= key.version; version += 1) await this.#options.keys.destroy(bytesId(name, version));
  }
}

const lookMs = 1_000;

function bytesId({ ownerId, keyId }: KeyName, version: number): string { return `storage-key.${ownerId}.${keyId}.${version}`; }
