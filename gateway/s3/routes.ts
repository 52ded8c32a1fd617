// Which operation a request asks for: by method, by what the path names, and by the sub-resource in the query.
import * as acl from './operations/acl';
import { objectAttributes } from './operations/attributes';
import * as buckets from './operations/buckets';
import * as cors from './operations/cors';
import * as encryption from './operations/encryption';
import * as lifecycle from './operations/lifecycle';
import * as multipart from './operations/multipart';
import { listParts, listUploads } from './operations/multipart-listings';
import * as notification from './operations/notification';
import * as objectLock from './operations/object-lock';
import * as objects from './operations/objects';
import * as ownership from './operations/ownership';
import * as policy from './operations/policy';
import { postObject } from './operations/post-object';
import * as publicAccess from './operations/public-access';
import * as tagging from './operations/tagging';
import * as versioning from './operations/versioning';
import { S3Error } from './s3-error';
import { header, queryValue, type S3Request } from './s3-request';
import { refuseSubResources, refuseUnserved } from './unserved';

type Operation = (request: S3Request) => Promise<void>;

/** Throws S3Error NotImplemented, MethodNotAllowed, InvalidArgument. */
export function operationOf(request: S3Request): Operation {
  const has = (name: string): boolean => queryValue(request, name) !== null;
  refuseUnserved(request);
  const operation = request.bucket === '' ? serviceOperation(request) : request.key === '' ? bucketOperation(request, has) : objectOperation(request, has);
  if (operation === null) throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
  return operation;
}

const bucketRules: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  acl: { GET: acl.getBucketAcl, PUT: acl.putBucketAcl },
  encryption: { GET: encryption.getBucketEncryption, PUT: encryption.putBucketEncryption, DELETE: encryption.deleteBucketEncryption },
  lifecycle: { GET: lifecycle.getBucketLifecycle, PUT: lifecycle.putBucketLifecycle, DELETE: lifecycle.deleteBucketLifecycle },
  notification: { GET: notification.getBucketNotification, PUT: notification.putBucketNotification },
  'object-lock': { GET: objectLock.getBucketLock, PUT: objectLock.putBucketLock },
  ownershipControls: { GET: ownership.getOwnershipControls, PUT: ownership.putOwnershipControls, DELETE: ownership.deleteOwnershipControls },
  policy: { GET: policy.getBucketPolicy, PUT: policy.putBucketPolicy, DELETE: policy.deleteBucketPolicy },
  policyStatus: { GET: policy.bucketPolicyStatus },
  publicAccessBlock: { GET: publicAccess.getPublicAccessBlock, PUT: publicAccess.putPublicAccessBlock, DELETE: publicAccess.deletePublicAccessBlock },
};
const objectAcl: Readonly<Record<string, Operation>> = { GET: acl.getObjectAcl, PUT: acl.putObjectAcl };
const objectLocks: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  'legal-hold': { GET: objectLock.getLegalHold, PUT: objectLock.putLegalHold },
  retention: { GET: objectLock.getRetention, PUT: objectLock.putRetention },
};
const bucketTagging: Readonly<Record<string, Operation>> = {
  GET: tagging.getBucketTagging, PUT: tagging.putBucketTagging, DELETE: tagging.deleteBucketTagging,
};
const bucketCors: Readonly<Record<string, Operation>> = { GET: cors.getBucketCors, PUT: cors.putBucketCors, DELETE: cors.deleteBucketCors };
const objectTagging: Readonly<Record<string, Operation>> = {
  GET: tagging.getObjectTagging, PUT: tagging.putObjectTagging, DELETE: tagging.deleteObjectTagging,
};

function serviceOperation({ method }: S3Request): Operation | null {
  return method === 'GET' ? buckets.listBuckets : null;
}

function bucketOperation(request: S3Request, has: (name: string) => boolean): Operation | null {
  const { method, query } = request;
  if (has('tagging')) return bucketTagging[method] ?? null;
  if (has('cors')) return bucketCors[method] ?? null;
  const rule = Object.keys(bucketRules).find(has);
  if (rule !== undefined) return bucketRules[rule]?.[method] ?? null;
  if (method === 'PUT' && has('versioning')) return versioning.putBucketVersioning;
  if (method === 'POST' && has('delete')) return objects.deleteObjects;
  refuseSubResources(request);
  switch (method) {
    case 'GET': {
      if (has('location')) return buckets.bucketLocation;
      if (has('versioning')) return versioning.bucketVersioning;
      if (has('versions')) return versioning.listObjectVersions;
      if (has('uploads')) return listUploads;
      return query.some(([name, value]) => name === 'list-type' && value === '2') ? buckets.listObjectsV2 : buckets.listObjectsV1;
    }
    case 'PUT': return buckets.createBucket;
    case 'HEAD': return buckets.headBucket;
    case 'DELETE': return buckets.deleteBucket;
    case 'POST': return postObject;
    default: return null;
  }
}

function objectOperation(request: S3Request, has: (name: string) => boolean): Operation | null {
  if (has('tagging')) return objectTagging[request.method] ?? null;
  if (has('acl')) return objectAcl[request.method] ?? null;
  const lock = Object.keys(objectLocks).find(has);
  if (lock !== undefined) return objectLocks[lock]?.[request.method] ?? null;
  if (has('attributes')) return request.method === 'GET' ? objectAttributes : null;
  if (request.method === 'POST' && has('uploads')) return multipart.createUpload;
  if (request.method === 'POST' && has('restore')) return objects.restoreObject;
  refuseSubResources(request);
  const copies = header(request, 'x-amz-copy-source') !== null;
  switch (request.method) {
    case 'GET': return has('uploadId') ? listParts : objects.getObject;
    case 'HEAD': return objects.getObject;
    case 'PUT': {
      if (has('uploadId')) return copies ? multipart.uploadPartCopy : multipart.uploadPart;
      return copies ? objects.copyObject : objects.putObject;
    }
    case 'DELETE': return has('uploadId') ? multipart.abortUpload : objects.deleteObject;
    case 'POST': return has('uploadId') ? multipart.completeUpload : null;
    default: return null;
  }
}
