/** The key that wraps an account's object keys. Destroying it in the key store forgets everything the account stored. */
export function accountKeyId(accountId: string): string {
  return `storage.${accountId}`;
}
