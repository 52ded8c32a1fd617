// Which version of an object a request is about, and what S3 says of it.
import { versionName, type FoundVersion, type ReadableObject } from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import type { S3Request } from './s3-request';

/** Only where the bucket has ever kept versions is their name told. */
export function versionHeaders(version: { readonly named?: boolean; readonly versionId: string }, versioning: 'off' | 'enabled' | 'suspended'): Record<string, string> {
  return versioning === 'off' ? {} : { 'x-amz-version-id': versionName(version) };
}

/** Of what was copied. */
export function sourceHeaders(version: { readonly named?: boolean; readonly versionId: string }, versioning: 'off' | 'enabled' | 'suspended'): Record<string, string> {
  return versioning === 'off' ? {} : { 'x-amz-copy-source-version-id': versionName(version) };
}

/** `name` is null for the newest. Throws S3Error NoSuchKey, NoSuchVersion, or what S3 says of a delete marker: an unnamed read finds
 *  no key, a read of the marker itself is not a method that it has. */
export async function requireVersion({ objects }: Pick<S3Request, 'objects'>, bucket: string, key: string, name: string | null): Promise<ReadableObject> {
  const found: FoundVersion | null = await objects.findVersion(bucket, key, versionNamed(name));
  if (found === null) {
    throw name === null ? new S3Error('NoSuchKey', 'The specified key does not exist.') : new S3Error('NoSuchVersion', 'The specified version does not exist.');
  }
  if (found.status !== 'marker') return found;
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionName(found.version) };
  if (name === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.', headers);
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', { ...headers, allow: 'DELETE', 'last-modified': new Date(found.storedAt).toUTCString() });
}

/** Throws S3Error InvalidArgument for an empty version id. */
export function versionNamed(name: string | null): string | null {
  if (name === '') throw new S3Error('InvalidArgument', 'Version id cannot be the empty string');
  return name;
}
