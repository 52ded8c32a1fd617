/** How S3 shows an account: 64 hex digits in Amazon's, and any text that is one account's here. */
export interface Identity { readonly accountId: string; readonly canonicalId: string; readonly displayName: string }

export interface Identities {
  of(accountId: string): Identity;
  /** The account id, or null when no account has it. */
  withCanonicalId(canonicalId: string): string | null;
  withEmail(email: string): string | null;
}

/** Of a request that nobody signed. No account has this id. */
export const anonymous = 'anonymous';

/** An account of the platform is called by its id everywhere, and by nothing that would tell a person. */
export const platformIdentities: Identities = {
  of: (accountId) => ({ accountId, canonicalId: accountId, displayName: accountId }),
  withCanonicalId: (canonicalId) => (/^account_\w{1,64}$/.test(canonicalId) ? canonicalId : null),
  withEmail: () => null,
};
