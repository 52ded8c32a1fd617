// What a bucket's settings say of access. A setting that was never made is the safe one, as new buckets of Amazon S3 have it since
// April 2023; one that was taken away is kept as `null`, which is not the same.
import type { Acl } from '@oort/schema/events/storage';
import type { PresentBucket } from '@oort/subgraphs-storage';
import { parsePolicy, type Policy } from '../policy/document';
import { isPublic } from '../policy/is-public';

export const ownerships = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const;
export type Ownership = (typeof ownerships)[number];

export const publicAccessFields = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
export type PublicAccess = Readonly<Record<(typeof publicAccessFields)[number], boolean>>;

/** For buckets that are created from now on. */
export interface BucketDefaults { readonly ownership: Ownership; readonly blockPublicAccess: boolean }
export const safeDefaults: BucketDefaults = { ownership: 'BucketOwnerEnforced', blockPublicAccess: true };

const allBlocked: PublicAccess = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
const nothingBlocked: PublicAccess = { BlockPublicAcls: false, IgnorePublicAcls: false, BlockPublicPolicy: false, RestrictPublicBuckets: false };

type Settings = Pick<PresentBucket, 'settings'>;

/** Null when the controls were taken away, which means ObjectWriter. */
export function ownershipControls({ settings: { ownership } }: Settings): Ownership | null {
  if (ownership === undefined) return safeDefaults.ownership;
  const kept: Ownership | null = JSON.parse(ownership);
  return kept;
}

export function aclsCount(bucket: Settings): boolean { return ownershipControls(bucket) !== 'BucketOwnerEnforced'; }

/** Null when the block was taken away. */
export function publicAccessBlock({ settings: { publicAccess } }: Settings): PublicAccess | null {
  if (publicAccess === undefined) return allBlocked;
  const kept: PublicAccess | null = JSON.parse(publicAccess);
  return kept;
}

export function blocked(bucket: Settings): PublicAccess { return publicAccessBlock(bucket) ?? nothingBlocked; }

/** The owner alone unless something else was said. */
export function privateAcl(owner: string): Acl { return { owner, grants: [{ grantee: { accountId: owner }, permission: 'FULL_CONTROL' }] }; }

export function bucketAcl({ accountId, settings }: PresentBucket): Acl {
  if (settings.acl === undefined) return privateAcl(accountId);
  const acl: Acl = JSON.parse(settings.acl);
  return acl;
}

export interface KnownPolicy { readonly policy: Policy; readonly open: boolean }

/** A text is parsed once, not for every request that it decides. */
const known = new Map<string, KnownPolicy>();
const mostKnown = 1000;

export function policyOf(bucket: string, { settings: { policy: text } }: Settings): KnownPolicy | null {
  if (text === undefined) return null;
  const name = `${bucket} ${text}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const policy = parsePolicy(text, bucket);
  const made = { policy, open: isPublic(policy) };
  if (known.size >= mostKnown) known.clear();
  known.set(name, made);
  return made;
}
