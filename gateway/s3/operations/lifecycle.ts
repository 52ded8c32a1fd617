import { lifecycleRules } from '@oort/subgraphs-storage';
import { lifecycleDocument, parseLifecycle } from '../lifecycle';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';

/** Objects of any size move to the archive, which Amazon calls so. */
const sizes = { 'x-amz-transition-default-minimum-object-size': 'varies_by_storage_class' };

export async function getBucketLifecycle(request: S3Request): Promise<void> {
  const { settings: { lifecycle } } = await requireBucket(request);
  if (lifecycle === undefined) throw new S3Error('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist');
  sendXml(request, 200, lifecycleDocument(lifecycleRules(lifecycle)), sizes);
}

export async function putBucketLifecycle(request: S3Request): Promise<void> {
  await requireBucket(request);
  await set(request, JSON.stringify(parseLifecycle(await readDocument(request))));
  sendEmpty(request, 200, sizes);
}

export async function deleteBucketLifecycle(request: S3Request): Promise<void> {
  const { settings } = await requireBucket(request);
  if (settings.lifecycle !== undefined) await set(request, null);
  sendEmpty(request, 204);
}

async function set(request: S3Request, document: string | null): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'lifecycle', document, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
}
