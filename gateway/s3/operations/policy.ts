import { blocked, policyOf } from '../access/bucket-rules';
import { parsePolicy } from '../policy/document';
import { isPublic } from '../policy/is-public';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document } from '../xml';

export async function getBucketPolicy(request: S3Request): Promise<void> {
  const { settings: { policy } } = await requireBucket(request);
  if (policy === undefined) throw noPolicy();
  const bytes = Buffer.from(policy);
  request.response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}

export async function putBucketPolicy(request: S3Request): Promise<void> {
  const bucket = await requireBucket(request);
  const text = (await readDocument(request)).toString('utf8');
  const policy = parsePolicy(text, request.bucket);
  const canonicalIds = policy.statements.flatMap(({ principals }) => principals.canonicalIds);
  if (canonicalIds.some((id) => request.identities.withCanonicalId(id) === null)) throw new S3Error('MalformedPolicy', 'Invalid principal in policy');
  if (isPublic(policy) && blocked(bucket).BlockPublicPolicy) {
    throw new S3Error('AccessDenied', 'Public policies are blocked by the BlockPublicPolicy block public access setting.');
  }
  await setPolicy(request, text);
}

export async function deleteBucketPolicy(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setPolicy(request, null);
}

export async function bucketPolicyStatus(request: S3Request): Promise<void> {
  const known = policyOf(request.bucket, await requireBucket(request));
  if (known === null) throw noPolicy();
  sendXml(request, 200, document('PolicyStatus', { IsPublic: known.open }));
}

async function setPolicy(request: S3Request, text: string | null): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'policy', text, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 204);
}

function noPolicy(): S3Error { return new S3Error('NoSuchBucketPolicy', 'The bucket policy does not exist'); }
