import { corsDocument, parseCors, type CorsRule } from '../cors';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';

export async function getBucketCors(request: S3Request): Promise<void> {
  const { settings: { cors } } = await requireBucket(request);
  if (cors === undefined) throw new S3Error('NoSuchCORSConfiguration', 'The CORS configuration does not exist');
  const rules: readonly CorsRule[] = JSON.parse(cors);
  sendXml(request, 200, corsDocument(rules));
}

export async function putBucketCors(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setCors(request, JSON.stringify(parseCors(await readDocument(request))), 200);
}

export async function deleteBucketCors(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setCors(request, null, 204);
}

async function setCors(request: S3Request, document: string | null, status: 200 | 204): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'cors', document, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, status);
}
