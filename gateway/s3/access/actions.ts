// Which action a request is, as policies name it. What is not in the table only the bucket's owner may do.
// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
import type { Action } from '../policy/actions';
import { header, queryValue, type S3Request } from '../s3-request';

type Asked = Pick<S3Request, 'method' | 'bucket' | 'key' | 'query' | 'incoming'>;

/** `service`: of the account and no bucket. `form`: its body says who asks, so the operation looks. `each`: the operation asks for every
 *  key. `owner`: the bucket's owner only. */
export type Kind = { readonly action: Action; /** A Deny of these counts too. */ readonly also: readonly Action[] } | 'service' | 'form' | 'each' | 'owner';

type Methods = Readonly<Partial<Record<string, Action>>>;

const getAndPut = (get: Action, put: Action, remove: Action = put): Methods => ({ GET: get, PUT: put, DELETE: remove });

const ofBuckets: Readonly<Record<string, Methods>> = {
  accelerate: getAndPut('s3:GetAccelerateConfiguration', 's3:PutAccelerateConfiguration'), acl: getAndPut('s3:GetBucketAcl', 's3:PutBucketAcl'),
  cors: getAndPut('s3:GetBucketCORS', 's3:PutBucketCORS'), encryption: getAndPut('s3:GetEncryptionConfiguration', 's3:PutEncryptionConfiguration'),
  lifecycle: getAndPut('s3:GetLifecycleConfiguration', 's3:PutLifecycleConfiguration'), location: { GET: 's3:GetBucketLocation' },
  logging: getAndPut('s3:GetBucketLogging', 's3:PutBucketLogging'), notification: getAndPut('s3:GetBucketNotification', 's3:PutBucketNotification'),
  'object-lock': getAndPut('s3:GetBucketObjectLockConfiguration', 's3:PutBucketObjectLockConfiguration'),
  ownershipControls: getAndPut('s3:GetBucketOwnershipControls', 's3:PutBucketOwnershipControls'),
  policy: getAndPut('s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'), policyStatus: { GET: 's3:GetBucketPolicyStatus' },
  publicAccessBlock: getAndPut('s3:GetBucketPublicAccessBlock', 's3:PutBucketPublicAccessBlock'),
  requestPayment: getAndPut('s3:GetBucketRequestPayment', 's3:PutBucketRequestPayment'), tagging: getAndPut('s3:GetBucketTagging', 's3:PutBucketTagging'),
  uploads: { GET: 's3:ListBucketMultipartUploads' }, versioning: getAndPut('s3:GetBucketVersioning', 's3:PutBucketVersioning'),
  versions: { GET: 's3:ListBucketVersions' }, website: getAndPut('s3:GetBucketWebsite', 's3:PutBucketWebsite', 's3:DeleteBucketWebsite'),
};

const ofObjects: Readonly<Record<string, Methods>> = {
  acl: getAndPut('s3:GetObjectAcl', 's3:PutObjectAcl'), attributes: { GET: 's3:GetObjectAttributes' }, 'legal-hold': getAndPut('s3:GetObjectLegalHold', 's3:PutObjectLegalHold'),
  restore: { POST: 's3:RestoreObject' }, retention: getAndPut('s3:GetObjectRetention', 's3:PutObjectRetention'),
  tagging: getAndPut('s3:GetObjectTagging', 's3:PutObjectTagging', 's3:DeleteObjectTagging'),
  uploadId: { GET: 's3:ListMultipartUploadParts', PUT: 's3:PutObject', POST: 's3:PutObject', DELETE: 's3:AbortMultipartUpload' }, uploads: { POST: 's3:PutObject' },
};

const plainBucket: Methods = { GET: 's3:ListBucket', HEAD: 's3:ListBucket', DELETE: 's3:DeleteBucket' };
const plainObject: Methods = { GET: 's3:GetObject', HEAD: 's3:GetObject', PUT: 's3:PutObject', DELETE: 's3:DeleteObject' };

/** Of a version that is named, another action of the same request. */
const ofVersions: Readonly<Partial<Record<Action, Action>>> = {
  's3:DeleteObject': 's3:DeleteObjectVersion', 's3:DeleteObjectTagging': 's3:DeleteObjectVersionTagging', 's3:GetObject': 's3:GetObjectVersion',
  's3:GetObjectAcl': 's3:GetObjectVersionAcl', 's3:GetObjectAttributes': 's3:GetObjectVersionAttributes', 's3:GetObjectTagging': 's3:GetObjectVersionTagging',
  's3:PutObjectAcl': 's3:PutObjectVersionAcl', 's3:PutObjectTagging': 's3:PutObjectVersionTagging',
};

/** Parameters that choose no other operation. */
const harmless = [
  'continuation-token', 'delimiter', 'encoding-type', 'fetch-owner', 'key-marker', 'list-type', 'marker', 'max-keys', 'max-parts', 'max-uploads', 'part-number-marker',
  'partnumber', 'prefix', 'start-after', 'upload-id-marker', 'version-id-marker', 'versionid', 'x-id', 'awsaccesskeyid', 'expires', 'signature',
];

export function kindOf(request: Asked): Kind {
  const { method, bucket, key, query } = request;
  if (bucket === '') return 'service';
  const table = key === '' ? ofBuckets : ofObjects;
  const names = query.map(([name]) => name).filter((name) => !isHarmless(name.toLowerCase()));
  if (key === '' && method === 'POST') return names.includes('delete') ? 'each' : 'form';
  if (key === '' && method === 'PUT' && names.length === 0) return 'service';
  const [name, ...more] = names;
  const methods = name === undefined ? (key === '' ? plainBucket : plainObject) : more.length === 0 && Object.hasOwn(table, name) ? table[name] : undefined;
  const action = methods?.[method];
  return action === undefined ? 'owner' : { action: ofVersion(action, queryValue(request, 'versionId')), also: action === 's3:PutObject' ? impliedBy(request) : [] };
}

export function ofVersion(action: Action, versionId: string | null): Action { return versionId === null ? action : ofVersions[action] ?? action; }

export function isHarmless(name: string): boolean { return harmless.includes(name) || name.startsWith('x-amz-') || name.startsWith('response-'); }

/** What the headers of a write ask for beside it. */
function impliedBy(request: Asked): readonly Action[] {
  const has = (...names: readonly string[]): boolean => names.some((name) => header(request, name) !== null);
  return [
    ...(has('x-amz-acl', 'x-amz-grant-full-control', 'x-amz-grant-read', 'x-amz-grant-read-acp', 'x-amz-grant-write-acp') ? ['s3:PutObjectAcl' as const] : []),
    ...(has('x-amz-tagging') ? ['s3:PutObjectTagging' as const] : []),
    ...(has('x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date') ? ['s3:PutObjectRetention' as const] : []),
    ...(has('x-amz-object-lock-legal-hold') ? ['s3:PutObjectLegalHold' as const] : []),
  ];
}
