// Which action a request is, and the order in which policy, lists, blocks and owners decide, against a model told in another way.
import fc from 'fast-check';
import type { Acl } from '@oort/schema/events/storage';
import type { PresentBucket } from '@oort/subgraphs-storage';
import type { S3Request } from '../s3-request';
import { queryOf } from '../sigv4';
import { kindOf } from './actions';
import { may } from './admission';
import { anonymous, platformIdentities } from './identities';

const asked = (method: string, url: string, headers: Readonly<Record<string, string>> = {}) => {
  const [, bucket = '', key = ''] = /^\/([^/?]*)\/?([^?]*)/.exec(url) ?? [];
  return { method, bucket, key, query: queryOf(url), incoming: { headers } } as unknown as S3Request;
};

describe('a request is', () => {
  it.each([
    ['GET', '/', 'service'], ['PUT', '/b', 'service'], ['PUT', '/b?x-id=CreateBucket', 'service'], ['POST', '/b', 'form'], ['POST', '/b?delete', 'each'],
    ['GET', '/b', 's3:ListBucket'], ['HEAD', '/b', 's3:ListBucket'], ['GET', '/b?list-type=2&prefix=a&fetch-owner=true', 's3:ListBucket'], ['DELETE', '/b', 's3:DeleteBucket'],
    ['GET', '/b?versions&prefix=a', 's3:ListBucketVersions'], ['GET', '/b?uploads', 's3:ListBucketMultipartUploads'], ['GET', '/b?policy', 's3:GetBucketPolicy'],
    ['DELETE', '/b?policy', 's3:DeleteBucketPolicy'], ['DELETE', '/b?cors', 's3:PutBucketCORS'], ['PUT', '/b?acl', 's3:PutBucketAcl'], ['PUT', '/b?lifecycle', 's3:PutLifecycleConfiguration'],
    ['GET', '/b/k', 's3:GetObject'], ['HEAD', '/b/k?versionId=1', 's3:GetObjectVersion'], ['GET', '/b/k?X-Amz-Signature=1&response-expires=1', 's3:GetObject'],
    ['GET', '/b/k?AWSAccessKeyId=a&Signature=b&Expires=1', 's3:GetObject'], ['GET', '/b/k?acl&versionId=1', 's3:GetObjectVersionAcl'], ['PUT', '/b/k?tagging', 's3:PutObjectTagging'],
    ['DELETE', '/b/k?versionId=null', 's3:DeleteObjectVersion'], ['PUT', '/b/k?partNumber=1&uploadId=u', 's3:PutObject'], ['POST', '/b/k?uploads', 's3:PutObject'],
    ['DELETE', '/b/k?uploadId=u', 's3:AbortMultipartUpload'], ['GET', '/b/k?uploadId=u&max-parts=1', 's3:ListMultipartUploadParts'], ['POST', '/b/k?restore', 's3:RestoreObject'],
    // What the table does not have is the owner's.
    ['GET', '/b?quota', 'owner'], ['PUT', '/b?quota', 'owner'], ['GET', '/b?policy&acl', 'owner'], ['PATCH', '/b/k', 'owner'], ['GET', '/b/k?select', 'owner'], ['GET', '/b?toString', 'owner'],
    ['PUT', '/b/k?acl&tagging', 'owner'], ['POST', '/b/k', 'owner'],
  ])('%s %s: %s', (method, url, kind) => {
    const found = kindOf(asked(method, url));
    expect(typeof found === 'string' ? found : found.action).toBe(kind);
  });

  it('several at once when its headers say so', () => {
    const headers = { 'x-amz-tagging': 'a=b', 'x-amz-acl': 'private', 'x-amz-object-lock-legal-hold': 'ON' };
    expect(kindOf(asked('PUT', '/b/k', headers))).toEqual({ action: 's3:PutObject', also: ['s3:PutObjectAcl', 's3:PutObjectTagging', 's3:PutObjectLegalHold'] });
  });
});

const owner = 'account_1';
const who = fc.constantFrom(owner, 'account_2', 'account_3', anonymous);
const effect = fc.constantFrom('Allow' as const, 'Deny' as const);
const actions = ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:GetObjectAcl', 's3:PutBucketTagging', 's3:PutBucketPolicy'] as const;
const statements = fc.array(fc.record({ Effect: effect, Principal: fc.constantFrom('*', { AWS: 'account_2' }, { AWS: owner }), Action: fc.constantFrom(...actions) }), { maxLength: 3 });
const grantee = fc.constantFrom<Acl['grants'][number]['grantee']>({ accountId: owner }, { accountId: 'account_2' }, { group: 'AllUsers' }, { group: 'AuthenticatedUsers' }, { group: 'LogDelivery' });
const lists = (of: fc.Arbitrary<string>): fc.Arbitrary<Acl> => fc.record({
  owner: of, grants: fc.array(fc.record({ grantee, permission: fc.constantFrom('READ' as const, 'WRITE' as const, 'FULL_CONTROL' as const, 'READ_ACP' as const) }), { maxLength: 3 }),
});
const world = fc.record({
  who, action: fc.constantFrom(...actions), statements, ownership: fc.constantFrom('BucketOwnerEnforced', 'ObjectWriter', undefined),
  blocked: fc.constantFrom(undefined, 'all', 'none'), bucketAcl: fc.option(lists(fc.constant(owner)), { nil: undefined }),
  objectAcl: fc.option(lists(fc.constantFrom(owner, 'account_2', anonymous)), { nil: undefined }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const block = (on: boolean): string => JSON.stringify({ BlockPublicAcls: on, IgnorePublicAcls: on, BlockPublicPolicy: on, RestrictPublicBuckets: on });

function decided({ who: accountId, action, statements: said, ownership, blocked, bucketAcl, objectAcl }: World): Promise<boolean> {
  const Resource = ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/*'];
  const state: PresentBucket = { status: 'present', accountId: owner, versioning: 'off', settings: {
    ...(said.length === 0 ? {} : { policy: JSON.stringify({ Statement: said.map((statement) => ({ ...statement, Resource })) }) }),
    ...(ownership === undefined ? {} : { ownership: JSON.stringify(ownership) }), ...(blocked === undefined ? {} : { publicAccess: blocked === 'all' ? block(true) : 'null' }),
    ...(bucketAcl === undefined ? {} : { acl: JSON.stringify(bucketAcl) }),
  } };
  const objects = { findVersion: () => Promise.resolve({ status: 'stored', storedAt: '', version: { ...(objectAcl === undefined ? {} : { acl: objectAcl }) } }) };
  const request = { ...asked('GET', '/bucket/k'), auth: { accountId }, objects, identities: platformIdentities } as unknown as S3Request;
  return may(request, state, { bucket: 'bucket', key: action.includes('Object') ? 'k' : '', versionId: null, action });
}

/** By cases: who is denied, who is granted, who owns. */
function modelled({ who: account, action, statements: said, ownership, blocked, bucketAcl, objectAcl }: World): boolean {
  const own = account === owner;
  const shut = blocked !== 'none';
  const listsCount = ownership === 'ObjectWriter';
  const onObject = action === 's3:GetObject' || action === 's3:GetObjectAcl';
  const listOfObject = objectAcl ?? { owner, grants: [{ grantee: { accountId: owner }, permission: 'FULL_CONTROL' as const }] };
  const mine = said.filter(({ Principal, Action }) => Action === action && (Principal === '*' || (Principal as { readonly AWS: string }).AWS === account));
  if (own && action === 's3:PutBucketPolicy') return true;
  if (mine.some(({ Effect }) => Effect === 'Deny')) return false;
  const open = said.some(({ Effect, Principal }) => Effect === 'Allow' && Principal === '*');
  const granted = mine.length > 0 && (own || !(open && shut)) && (!listsCount || !onObject || listOfObject.owner === owner);
  if (granted) return true;
  if (!listsCount) return own;
  const listed = ({ grants }: Pick<Acl, 'grants'>, needed: string): boolean => grants.some(({ grantee: to, permission }) => {
    const given = permission === needed || permission === 'FULL_CONTROL';
    const meant = 'accountId' in to ? to.accountId === account : !shut && (to.group === 'AllUsers' || (to.group === 'AuthenticatedUsers' && account !== anonymous));
    return given && meant;
  });
  if (onObject) return (account !== anonymous && listOfObject.owner === account) || listed(listOfObject, action === 's3:GetObject' ? 'READ' : 'READ_ACP');
  if (own) return true;
  const needed = action === 's3:PutObject' ? 'WRITE' : action === 's3:ListBucket' ? 'READ' : null;
  return needed !== null && bucketAcl !== undefined && listed(bucketAcl, needed);
}

describe('whatever a bucket says', () => {
  it('is decided as the model has it', async () => {
    await fc.assert(fc.asyncProperty(world, async (one) => { expect(await decided(one)).toBe(modelled(one)); }), { numRuns: 2000 });
  });

  it('with the blocks on and no account named, it is shut to everyone but its owner', async () => {
    await fc.assert(fc.asyncProperty(world, async (one) => {
      const unnamed = one.statements.map((statement) => ({ ...statement, Principal: '*' }));
      const groups = (acl: Acl | undefined): Acl | undefined => (acl === undefined ? undefined : { owner, grants: acl.grants.filter(({ grantee: to }) => 'group' in to) });
      const shut: World = { ...one, blocked: 'all', statements: unnamed, bucketAcl: groups(one.bucketAcl), objectAcl: groups(one.objectAcl) };
      if (shut.who !== owner) expect(await decided(shut)).toBe(false);
    }));
  });
});
