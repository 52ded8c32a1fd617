// What Amazon S3 has and this door has not, refused before anything is done. S3 names what it means of a bucket or an object by a parameter
// without a value, and its conditions by headers. To pass one over would be to do something else: `DELETE /photos?metadataTable` means a
// table and not the bucket, `PUT` with `x-amz-write-offset-bytes` means to append and not to replace.
import { isHarmless } from './access/actions';
import { S3Error } from './s3-error';
import { header, queryValue, type S3Request } from './s3-request';

type Asked = Pick<S3Request, 'method' | 'bucket' | 'key' | 'query' | 'incoming'>;

const subResources = [
  'abac', 'accelerate', 'analytics', 'intelligent-tiering', 'inventory', 'logging', 'metadataConfiguration', 'metadataInventoryTable',
  'metadataJournalTable', 'metadataTable', 'metrics', 'renameObject', 'replication', 'requestPayment', 'select', 'session', 'torrent', 'website',
];

/** Of directory buckets, which these are not: Amazon's general purpose buckets refuse them too. */
const headers = ['x-amz-write-offset-bytes', 'x-amz-rename-source', 'x-amz-if-match-last-modified-time', 'x-amz-if-match-size'];

/** Throws S3Error NotImplemented. */
export function refuseUnserved(request: Asked): void {
  const unserved = subResources.find((name) => queryValue(request, name) !== null);
  if (unserved !== undefined) throw new S3Error('NotImplemented', `The sub-resource ${unserved} is not implemented.`);
  const asked = headers.find((name) => header(request, name) !== null);
  if (asked !== undefined) throw notImplemented(asked);
}

const known = ['acl', 'attributes', 'cors', 'delete', 'legal-hold', 'location', 'policystatus', 'restore', 'retention', 'tagging', 'uploads', 'versioning', 'versions'];

/** A write of the bucket or object itself, which names no sub-resource. Throws S3Error NotImplemented, MethodNotAllowed, InvalidArgument. */
export function refuseSubResources(request: Asked): void {
  const { method, query, key } = request;
  if (!['PUT', 'POST', 'DELETE'].includes(method)) return;
  const bare = query.find(([name, value]) => value === '' && !isHarmless(name.toLowerCase()) && !/^(x-|uploadid$)/i.test(name))?.[0];
  if (bare !== undefined) {
    if (known.includes(bare.toLowerCase())) throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
    throw new S3Error('NotImplemented', `The sub-resource ${bare} is not implemented.`);
  }
  if (method !== 'PUT' || key === '') return;
  if (queryValue(request, 'versionId') !== null) throw new S3Error('InvalidArgument', 'This operation does not accept a version-id.');
  if ((queryValue(request, 'uploadId') === null) !== (queryValue(request, 'partNumber') === null)) {
    throw new S3Error('InvalidArgument', 'A part is named by uploadId and partNumber, and an object by neither.');
  }
}

export function notImplemented(name: string): S3Error {
  return new S3Error('NotImplemented', `A header you provided implies functionality that is not implemented: ${name}`);
}
