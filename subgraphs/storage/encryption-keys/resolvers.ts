import { randomUUID } from 'node:crypto';
import { command } from '@oort/kernel-decider';
import type { RequestContext } from '@oort/schema';
import type { KeyringCommand } from './commands';
import { keyArn, type EncryptionKeys } from './encryption-keys';
import type { Keyring } from './keyring';

interface Input<T> { readonly input: T }
interface OfKey { readonly keyId: string }

export interface KeyRoom { readonly objects: { readonly encryptionKeys: EncryptionKeys }; now(): Date }

export function encryptionKeyQueries({ objects }: Pick<KeyRoom, 'objects'>): object {
  return {
    encryptionKeys: async (_: unknown, __: unknown, { actor }: RequestContext) => {
      if (actor.kind !== 'account') return [];
      const ring = await objects.encryptionKeys.keyring(actor.accountId);
      return [...ring.keys].filter(([, { deleted }]) => !deleted).map(([keyId]) => present(ring, actor.accountId, keyId));
    },
  };
}

export function encryptionKeyMutations({ objects, now }: KeyRoom): object {
  const change = <T>(asked: (input: T, accountId: string, ring: Keyring) => { readonly keyId: string; readonly command: Unissued }) =>
    async (_: unknown, { input }: Input<T>, { actor }: RequestContext): Promise<object> => {
      if (actor.kind !== 'account') return { __typename: 'Refusal', code: 'NOT_SIGNED_IN', message: 'Sign in first.', detail: null };
      const { accountId } = actor;
      const { keyId, command: { type, data } } = asked(input, accountId, await objects.encryptionKeys.keyring(accountId));
      const done = await objects.encryptionKeys.ask(command(type, { accountId, ...data }, { actor: accountId, now: now() }) as KeyringCommand);
      if (done.ok) return present(done.state, accountId, keyId);
      return { __typename: 'Refusal', code: done.refusal.code, message: done.refusal.message, detail: done.refusal.payload };
    };
  return {
    createEncryptionKey: change(({ description, alias = null }: { readonly description: string; readonly alias?: string | null }) => {
      const keyId = randomUUID();
      return { keyId, command: { type: 'CreateEncryptionKey', data: { keyId, description, alias } } };
    }),
    setEncryptionKeyAlias: change(({ alias, keyId = null }: { readonly alias: string; readonly keyId?: string | null }, _, { aliases }) => (
      { keyId: keyId ?? aliases.get(alias) ?? '', command: { type: 'SetEncryptionKeyAlias', data: { alias, keyId } } })),
    setEncryptionKeyEnabled: change(({ keyId, enabled }: OfKey & { readonly enabled: boolean }) => ({ keyId, command: { type: 'SetEncryptionKeyEnabled', data: { keyId, enabled } } })),
    rotateEncryptionKey: change(({ keyId }: OfKey) => ({ keyId, command: { type: 'RotateEncryptionKey', data: { keyId } } })),
    grantEncryptionKey: change(({ keyId, accountId: grantee, granted }: OfKey & { readonly accountId: string; readonly granted: boolean }) => (
      { keyId, command: { type: 'GrantEncryptionKey', data: { keyId, grantee, granted } } })),
    scheduleEncryptionKeyDeletion: change(({ keyId, waitingDays }: OfKey & { readonly waitingDays: number }) => (
      { keyId, command: { type: 'ScheduleEncryptionKeyDeletion', data: { keyId, waitingDays } } })),
    cancelEncryptionKeyDeletion: change(({ keyId }: OfKey) => ({ keyId, command: { type: 'CancelEncryptionKeyDeletion', data: { keyId } } })),
  };
}

type Unissued = { [C in KeyringCommand as C['type']]: { readonly type: C['type']; readonly data: Omit<C['data'], 'accountId'> } }[KeyringCommand['type']];

function present({ keys, aliases }: Keyring, ownerId: string, keyId: string): object {
  const { description = '', enabled = false, version = 1, grantees = [], deleteAt = null } = keys.get(keyId) ?? {};
  return {
    __typename: 'EncryptionKey', id: keyId, arn: keyArn({ ownerId, keyId }), description, enabled, version, grantees, deleteAt,
    aliases: [...aliases].flatMap(([alias, of]) => (of === keyId ? [alias] : [])),
  };
}
