// Whose request it is: a signature of either version, or nobody's.
import { anonymous } from './access/identities';
import { S3Error } from './s3-error';
import { authenticateVersion2, isVersion2 } from './sigv2';
import { authenticate, headerOf, queryOf, type Authenticated, type S3Credentials, type SignedRequest } from './sigv4';

/** Throws S3Error with the code that S3 answers. */
export function whoAsks(request: SignedRequest, bucketOfHost: string | null, find: (accessKeyId: string) => S3Credentials | null, now: Date): Authenticated {
  const query = queryOf(request.url);
  const named = (name: string): boolean => query.some(([key]) => key.toLowerCase() === name);
  // There are no temporary credentials here, so no token can be a good one.
  if (headerOf(request.headers, 'x-amz-security-token') !== null || named('x-amz-security-token')) {
    throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid. This door knows no temporary credentials.');
  }
  // An empty header is none.
  const text = headerOf(request.headers, 'authorization') || null;
  if (text !== null && (named('x-amz-algorithm') || named('awsaccesskeyid'))) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified');
  }
  if (isVersion2(request)) return authenticateVersion2(request, bucketOfHost, find, now);
  if (text !== null || named('x-amz-algorithm')) return authenticate(request, find, now);
  if (named('signature') || named('x-amz-signature')) throw new S3Error('AccessDenied', 'The signature names no access key.');
  const payloadHash = headerOf(request.headers, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  if (payloadHash.startsWith('STREAMING-AWS4')) throw new S3Error('AccessDenied', 'Chunks cannot be signed where nobody signed the request.');
  return { accountId: anonymous, payloadHash, signing: { key: Buffer.alloc(0), timestamp: '', scope: '', seed: '' }, form: 'none', version: null, signedAt: null };
}
