// Who may do what. A bucket's policy speaks first, then its own and its objects' access control lists where those count, then the
// owner's right to its own. A Deny ends it.
// Cost: for the owner of a bucket without a policy and without lists nothing beyond the bucket itself, which every operation needs.
import type { Acl, AclPermission } from '@oort/schema/events/storage';
import type { FoundVersion, PresentBucket } from '@oort/subgraphs-storage';
import type { Action } from '../policy/actions';
import { evaluate, mentions } from '../policy/evaluate';
import { readDocument } from '../request-body';
import { S3Error } from '../s3-error';
import { header, queryValue, type S3Request } from '../s3-request';
import { mostObjectTags, parseTagging, tagsOfHeader } from '../tags';
import { grants } from './acl';
import { kindOf, ofVersion } from './actions';
import { aclsCount, blocked, bucketAcl, policyOf, privateAcl, type KnownPolicy } from './bucket-rules';
import { anonymous } from './identities';
import { contextOf, type Known } from './request-context';

export interface Target { readonly bucket: string; /** Empty for the bucket itself. */ readonly key: string; readonly versionId: string | null; readonly action: Action }

export interface Admitted { readonly bucket: string; readonly state: PresentBucket }

/** What the request's own bucket is, once it is known that the request may; null where the operation must look itself. Throws S3Error
 *  AccessDenied, NoSuchBucket. */
export async function admit(request: S3Request): Promise<Admitted | null> {
  const { bucket, key } = request;
  const kind = kindOf(request);
  if (kind === 'service' && request.auth.accountId === anonymous) throw denied();
  if (kind === 'service' || kind === 'form') return null;
  const state = await request.objects.bucket(bucket);
  if (state === null) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  const expected = header(request, 'x-amz-expected-bucket-owner');
  if (expected !== null && expected !== state.accountId) throw denied();
  if (kind === 'owner' && state.accountId !== request.auth.accountId) throw denied();
  if (kind === 'owner' || kind === 'each') return { bucket, state };
  const versionId = queryValue(request, 'versionId');
  const target = { bucket, key, versionId, action: kind.action };
  if (!(await may(request, state, target))) throw denied();
  for (const action of kind.also) if (await verdictOf(request, state, { ...target, action }) === 'deny') throw denied();
  return { bucket, state };
}

/** For what a request touches beside its own address: the source of a copy, each key of a batch. Throws S3Error NoSuchBucket,
 *  AccessDenied. */
export async function requireAccess(request: S3Request, asked: Target): Promise<PresentBucket> {
  const own = request.admitted?.bucket === asked.bucket ? request.admitted.state : null;
  const state = own ?? await request.objects.bucket(asked.bucket);
  if (state === null) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  if (!(await may(request, state, { ...asked, action: ofVersion(asked.action, asked.versionId) }))) throw denied();
  return state;
}

/** Whether one may list decides whether one may know that a key is not there (GetObject, "Permissions"). */
export async function hidden(request: S3Request, error: unknown): Promise<unknown> {
  const { admitted, auth, bucket } = request;
  if (!(error instanceof S3Error) || error.s3Code !== 'NoSuchKey' || admitted === null || admitted.state.accountId === auth.accountId) return error;
  return await may(request, admitted.state, { bucket, key: '', versionId: null, action: 's3:ListBucket' }) ? error : denied();
}

export async function may(request: S3Request, state: PresentBucket, target: Target): Promise<boolean> {
  const isOwner = request.auth.accountId === state.accountId;
  const lists = aclsCount(state);
  if (isOwner && !lists && state.settings.policy === undefined) return true;
  // Who owns the bucket can always mend its policy (Amazon S3 API, PutBucketPolicy).
  if (isOwner && ownersAlways.includes(target.action)) return true;
  const verdict = await verdictOf(request, state, target);
  if (verdict === 'deny') return false;
  const read = lists ? await readAcl(request, state, target) : null;
  // A bucket's policy grants nothing of objects that belong to someone else.
  if (verdict === 'allow' && (read === null || read.owner === state.accountId)) return true;
  return lists ? listed(request, state, target, read) : isOwner;
}

const ownersAlways: readonly Action[] = ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'];

async function verdictOf(request: S3Request, state: PresentBucket, target: Target): Promise<'allow' | 'deny' | 'silent'> {
  const known = policyOf(target.bucket, state);
  if (known === null) return 'silent';
  const { auth, identities } = request;
  const account = auth.accountId === anonymous ? null : auth.accountId;
  const verdict = evaluate(known.policy, {
    principal: account === null ? null : { accountId: account, canonicalId: identities.of(account).canonicalId },
    action: target.action, resource: `arn:aws:s3:::${target.bucket}${target.key === '' ? '' : `/${target.key}`}`,
    context: contextOf(request, await knownOf(request, state, target, known)),
  });
  const restricted = known.open && auth.accountId !== state.accountId && blocked(state).RestrictPublicBuckets;
  return verdict === 'allow' && restricted ? 'silent' : verdict;
}

/** Tags are looked up only for a policy that asks for them. */
async function knownOf(request: S3Request, state: PresentBucket, { bucket, key, versionId }: Target, { policy }: KnownPolicy): Promise<Known> {
  const existing = key !== '' && mentions(policy, 's3:existingobjecttag/') ? held(await request.objects.findVersion(bucket, key, versionId)) : null;
  const tagging = key !== '' && mentions(policy, 's3:requestobjecttag');
  const inBody = tagging && request.method === 'PUT' && queryValue(request, 'tagging') !== null;
  const requestTags = !tagging ? null : inBody ? parseTagging(await readDocument(request), mostObjectTags) : tagsOfHeader(header(request, 'x-amz-tagging')) ?? null;
  return { existingTags: existing?.tags ?? null, requestTags, versionId, bucketOwner: state.accountId };
}

const objectPermissions: Readonly<Partial<Record<Action, AclPermission>>> = {
  's3:GetObject': 'READ', 's3:GetObjectVersion': 'READ', 's3:GetObjectAttributes': 'READ', 's3:GetObjectVersionAttributes': 'READ', 's3:GetObjectAcl': 'READ_ACP',
  's3:GetObjectVersionAcl': 'READ_ACP', 's3:PutObjectAcl': 'WRITE_ACP', 's3:PutObjectVersionAcl': 'WRITE_ACP',
};
const bucketPermissions: Readonly<Partial<Record<Action, AclPermission>>> = {
  's3:ListBucket': 'READ', 's3:ListBucketVersions': 'READ', 's3:ListBucketMultipartUploads': 'READ', 's3:PutObject': 'WRITE', 's3:DeleteObject': 'WRITE',
  's3:AbortMultipartUpload': 'WRITE', 's3:ListMultipartUploadParts': 'WRITE', 's3:GetBucketAcl': 'READ_ACP', 's3:PutBucketAcl': 'WRITE_ACP',
};

/** The list of the object, where lists know the action. */
async function readAcl(request: S3Request, { accountId }: PresentBucket, { bucket, key, versionId, action }: Target): Promise<Acl | null> {
  if (key === '' || objectPermissions[action] === undefined) return null;
  const version = held(await request.objects.findVersion(bucket, key, versionId));
  return version === null ? null : version.acl ?? privateAcl(accountId);
}

function listed(request: S3Request, state: PresentBucket, { key, action }: Target, read: Acl | null): boolean {
  const accountId = request.auth.accountId === anonymous ? null : request.auth.accountId;
  const to = { accountId, ignorePublic: blocked(state).IgnorePublicAcls };
  const permission = objectPermissions[action];
  if (key !== '' && read !== null) return read.owner === accountId || (permission !== undefined && grants(read, to, permission));
  if (state.accountId === accountId) return true;
  // Of a key that is not there one hears what one may hear of the bucket.
  const needed = permission !== undefined && key !== '' ? 'READ' : bucketPermissions[action];
  return needed !== undefined && grants(bucketAcl(state), to, needed);
}

function held(found: FoundVersion | null) { return found === null || found.status === 'marker' ? null : found.version; }

export function denied(): S3Error { return new S3Error('AccessDenied', 'Access Denied'); }
