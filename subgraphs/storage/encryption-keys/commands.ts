import type { Command } from '@oort/kernel-decider';

interface OfKey { readonly accountId: string; readonly keyId: string }

/** Asked of one account's keyring. */
export type KeyringCommand =
  | Command<'CreateEncryptionKey', OfKey & { readonly description: string; readonly alias: string | null }>
  /** Null: no key has the alias any more. */
  | Command<'SetEncryptionKeyAlias', { readonly accountId: string; readonly alias: string; readonly keyId: string | null }>
  | Command<'SetEncryptionKeyEnabled', OfKey & { readonly enabled: boolean }>
  /** What is written from here on is wrapped with new bytes; the old ones stay, to open what they wrapped. */
  | Command<'RotateEncryptionKey', OfKey>
  /** Lets another account encrypt and decrypt with it, or not any more. */
  | Command<'GrantEncryptionKey', OfKey & { readonly grantee: string; readonly granted: boolean }>
  | Command<'ScheduleEncryptionKeyDeletion', OfKey & { readonly waitingDays: number }>
  | Command<'CancelEncryptionKeyDeletion', OfKey>
  | Command<'DeleteEncryptionKey', OfKey & { /** ISO 8601. */ readonly at: string }>;
