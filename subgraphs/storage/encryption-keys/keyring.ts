// The encryption keys of one account, as their events have them; their bytes are in the key store alone. States, waiting period and
// aliases are those of AWS KMS (Developer Guide, "Key states of AWS KMS keys", "Deleting AWS KMS keys"; API Reference, CreateAlias).
import { refuse, type Decider, type Decision } from '@oort/kernel-decider';
import { uuidV5 } from '@oort/kernel-wire';
import type { StorageEvent } from '@oort/schema/events/storage';
import type { KeyringRefusal } from '../refusals';
import type { KeyringCommand } from './commands';

export type KeyringEvent = Extract<StorageEvent, { readonly type: `EncryptionKey${string}` }>;

export interface EncryptionKey {
  readonly description: string;
  readonly enabled: boolean;
  /** Of the bytes that wrap now; from 1 on. */
  readonly version: number;
  /** Other accounts that may use it. */
  readonly grantees: readonly string[];
  /** ISO 8601; it is of no use from the moment when its deletion was scheduled. */
  readonly deleteAt: string | null;
  readonly deleted: boolean;
}

export interface Keyring { readonly keys: ReadonlyMap<string, EncryptionKey>; readonly aliases: ReadonlyMap<string, string> }

/** The alias of the key that an account has without making one. */
export const defaultAlias = 'alias/aws/s3';

/** The same for an account every time, so that two doors make one. */
export function defaultKeyId(accountId: string): string { return uuidV5(`oort/default-encryption-key/${accountId}`); }

/** Of an account; every use of one of them reads the keyring. */
const most = { keys: 1000, aliases: 1000, grantees: 100, description: 8192 } as const;
/** Days, at least and at most. */
const waiting = [7, 30] as const;
const dayMs = 86_400_000;

export const keyringDecider: Decider<KeyringCommand, Keyring, KeyringEvent, KeyringRefusal> = {
  category: 'storage_keyring', initial: { keys: new Map(), aliases: new Map() }, decide, evolve,
};

function isAlias(alias: string): boolean { return /^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(alias); }

function decide(asked: KeyringCommand, { keys, aliases }: Keyring): Decision<KeyringEvent, KeyringRefusal> {
  const { accountId } = asked.data;
  const { keyId } = asked.data;
  const key = keyId === null ? undefined : keys.get(keyId);
  if (asked.type === 'CreateEncryptionKey') {
    const { description, alias } = asked.data;
    if (key !== undefined) return refuse('ENCRYPTION_KEY_EXISTS', 'There is a key with this id.', { keyId: asked.data.keyId });
    if ([...keys.values()].filter(({ deleted }) => !deleted).length >= most.keys) return beyond('keys');
    if (description.length > most.description) return beyond('description');
    const bad = alias === null ? null : aliasFault(alias, aliases, alias === defaultAlias && asked.data.keyId === defaultKeyId(accountId));
    if (bad !== null) return bad;
    return {
      events: [
        { type: 'EncryptionKeyCreated', data: { accountId, keyId: asked.data.keyId, description } },
        ...(alias === null ? [] : [{ type: 'EncryptionKeyAliasSet', data: { accountId, alias, keyId } } as const]),
      ],
    };
  }
  if (keyId !== null && (key === undefined || key.deleted)) return refuse('NO_SUCH_ENCRYPTION_KEY', 'There is no such key.', { keyId });
  if (asked.type === 'SetEncryptionKeyAlias') return decideAlias(asked.data, aliases);
  return key === undefined ? { events: [] } : decideKey(asked, key);
}

function decideAlias({ accountId, alias, keyId }: Extract<KeyringCommand, { readonly type: 'SetEncryptionKeyAlias' }>['data'], aliases: Keyring['aliases']): Decision<KeyringEvent, KeyringRefusal> {
  const bad = keyId === null ? null : aliasFault(alias, aliases, false);
  if (bad !== null) return bad;
  if (keyId === null && (!aliases.has(alias) || alias.startsWith('alias/aws/'))) return refuse('NO_SUCH_KEY_ALIAS', 'There is no such alias.', { alias });
  return { events: [{ type: 'EncryptionKeyAliasSet', data: { accountId, alias, keyId } }] };
}

function aliasFault(alias: string, aliases: Keyring['aliases'], byPlatform: boolean): { readonly refused: KeyringRefusal } | null {
  if (!isAlias(alias)) return refuse('BAD_KEY_ALIAS', 'An alias is alias/ and up to 250 letters, digits, slashes, underscores and hyphens.', { alias });
  if (alias.startsWith('alias/aws/') && !byPlatform) return refuse('BAD_KEY_ALIAS', 'Aliases that begin with alias/aws/ are the platform’s.', { alias });
  if (aliases.size >= most.aliases) return beyond('aliases');
  return aliases.has(alias) ? refuse('KEY_ALIAS_TAKEN', 'Another key has this alias.', { alias }) : null;
}

function beyond(what: keyof typeof most): { readonly refused: KeyringRefusal } {
  return refuse('ENCRYPTION_KEY_LIMIT', `An account may have ${most.keys} keys and ${most.aliases} aliases, a key ${most.grantees} grants and ${most.description} characters of description.`, { what });
}

type OfOne = Exclude<KeyringCommand, { readonly type: 'CreateEncryptionKey' | 'SetEncryptionKeyAlias' }>;

function decideKey(asked: OfOne, key: EncryptionKey): Decision<KeyringEvent, KeyringRefusal> {
  const { accountId, keyId } = asked.data;
  const pending = key.deleteAt !== null;
  if (keyId === defaultKeyId(accountId)) return refuse('ENCRYPTION_KEY_MANAGED', 'The platform keeps this key; make one of your own.', { keyId });
  if (asked.type === 'CancelEncryptionKeyDeletion') return { events: pending ? [{ type: 'EncryptionKeyDeletionCancelled', data: { accountId, keyId } }] : [] };
  if (asked.type === 'DeleteEncryptionKey') {
    if (!pending || key.deleteAt > asked.data.at) return refuse('ENCRYPTION_KEY_DELETION_NOT_DUE', 'The waiting period of the key is not over.', { keyId });
    return { events: [{ type: 'EncryptionKeyDeleted', data: { accountId, keyId } }] };
  }
  if (pending) return refuse('ENCRYPTION_KEY_PENDING_DELETION', 'The key waits to be deleted; cancel that first.', { keyId });
  switch (asked.type) {
    case 'SetEncryptionKeyEnabled': {
      const { enabled } = asked.data;
      return { events: key.enabled === enabled ? [] : [{ type: 'EncryptionKeyEnabledSet', data: { accountId, keyId, enabled } }] };
    }
    case 'RotateEncryptionKey':
      if (!key.enabled) return refuse('ENCRYPTION_KEY_DISABLED', 'The key is disabled.', { keyId });
      return { events: [{ type: 'EncryptionKeyRotated', data: { accountId, keyId, version: key.version + 1 } }] };
    case 'GrantEncryptionKey': {
      const { grantee, granted } = asked.data;
      if (granted && key.grantees.length >= most.grantees) return beyond('grantees');
      return { events: key.grantees.includes(grantee) === granted ? [] : [{ type: 'EncryptionKeyGrantSet', data: { accountId, keyId, grantee, granted } }] };
    }
    case 'ScheduleEncryptionKeyDeletion': {
      const { waitingDays } = asked.data;
      if (!Number.isInteger(waitingDays) || waitingDays < waiting[0] || waitingDays > waiting[1]) return refuse('BAD_WAITING_PERIOD', 'A key waits 7 to 30 days.', { waitingDays });
      return { events: [{ type: 'EncryptionKeyDeletionScheduled', data: { accountId, keyId, deleteAt: new Date(Date.parse(asked.issuedAt) + waitingDays * dayMs).toISOString() } }] };
    }
  }
}

function evolve({ keys, aliases }: Keyring, { type, data }: KeyringEvent): Keyring {
  const changed = (change: Partial<EncryptionKey>): Keyring => {
    const before = keys.get(data.keyId ?? '') ?? { description: '', enabled: true, version: 1, grantees: [], deleteAt: null, deleted: false };
    return { aliases, keys: new Map([...keys, [data.keyId ?? '', { ...before, ...change }]]) };
  };
  switch (type) {
    case 'EncryptionKeyCreated': return changed({ description: data.description });
    case 'EncryptionKeyAliasSet': {
      const { alias, keyId } = data;
      const others = [...aliases].filter(([each]) => each !== alias);
      return { keys, aliases: new Map(keyId === null ? others : [...others, [alias, keyId]]) };
    }
    case 'EncryptionKeyEnabledSet': return changed({ enabled: data.enabled });
    case 'EncryptionKeyRotated': return changed({ version: data.version });
    case 'EncryptionKeyGrantSet': {
      const others = (keys.get(data.keyId)?.grantees ?? []).filter((each) => each !== data.grantee);
      return changed({ grantees: data.granted ? [...others, data.grantee] : others });
    }
    case 'EncryptionKeyDeletionScheduled': return changed({ deleteAt: data.deleteAt });
    // As with AWS, a key whose deletion was cancelled is disabled.
    case 'EncryptionKeyDeletionCancelled': return changed({ deleteAt: null, enabled: false });
    case 'EncryptionKeyDeleted': return { keys: changed({ deleted: true }).keys, aliases: new Map([...aliases].filter(([, keyId]) => keyId !== data.keyId)) };
  }
}
