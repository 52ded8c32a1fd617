// The access control list that a new object or bucket begins with.
import type { Acl } from '@oort/schema/events/storage';
import type { PresentBucket, StoredVersion } from '@oort/subgraphs-storage';
import { S3Error } from '../s3-error';
import { header, type S3Request } from '../s3-request';
import { aclOfHeaders, isPublicAcl } from './acl';
import { denied } from './admission';
import { aclsCount, blocked, ownershipControls, ownerships, privateAcl, safeDefaults } from './bucket-rules';

/** Spread into a new object: nothing where lists do not count, and nothing where it is the bucket owner's own and private. A list that
 *  is asked for there is refused unless it grants nothing to others. Throws S3Error AccessControlListNotSupported, AccessDenied. */
export function listOfNewObject(request: S3Request, bucket: PresentBucket): { readonly acl?: NonNullable<StoredVersion['acl']> } {
  const { accountId: writer } = request.auth;
  if (!aclsCount(bucket)) {
    const asked = aclOfHeaders(request, bucket.accountId, bucket.accountId);
    if (asked !== null && grantsOthers(asked)) throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs');
    return {};
  }
  const gives = ownershipControls(bucket) === 'BucketOwnerPreferred' && header(request, 'x-amz-acl') === 'bucket-owner-full-control';
  const owner = gives ? bucket.accountId : writer;
  const acl = aclOfHeaders(request, owner, bucket.accountId);
  if (acl !== null && isPublicAcl(acl) && blocked(bucket).BlockPublicAcls) throw denied();
  return acl === null && owner === bucket.accountId ? {} : { acl: acl ?? privateAcl(owner) };
}

/** Throws S3Error InvalidArgument, InvalidBucketAclWithObjectOwnership. */
export function settingsOfNewBucket(request: S3Request): PresentBucket['settings'] {
  const { auth: { accountId }, bucketDefaults } = request;
  const asked = header(request, 'x-amz-object-ownership');
  const ownership = asked === null ? bucketDefaults.ownership : ownerships.find((name) => name === asked);
  if (ownership === undefined) throw new S3Error('InvalidArgument', 'Invalid x-amz-object-ownership header', {}, { ArgumentName: 'x-amz-object-ownership', ArgumentValue: asked ?? '' });
  const acl = aclOfHeaders(request, accountId, accountId);
  const shared = acl !== null && grantsOthers(acl);
  if (shared && ownership === 'BucketOwnerEnforced') {
    throw new S3Error('InvalidBucketAclWithObjectOwnership', 'Bucket cannot have ACLs set with ObjectOwnership\'s BucketOwnerEnforced setting');
  }
  if (acl !== null && isPublicAcl(acl) && bucketDefaults.blockPublicAccess) throw denied();
  return {
    ...(ownership === safeDefaults.ownership ? {} : { ownership: JSON.stringify(ownership) }),
    ...(bucketDefaults.blockPublicAccess ? {} : { publicAccess: 'null' }),
    ...(acl !== null && ownership !== 'BucketOwnerEnforced' ? { acl: JSON.stringify(acl) } : {}),
  };
}

function grantsOthers({ owner, grants }: Acl): boolean {
  return grants.some(({ grantee }) => !('accountId' in grantee) || grantee.accountId !== owner);
}
