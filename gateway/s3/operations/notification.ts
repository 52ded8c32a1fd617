import { notificationConfiguration } from '@oort/subgraphs-storage';
import { notificationDocument, parseNotification } from '../notification';
import { readDocument } from '../request-body';
import { errorOfRefusal } from '../s3-error';
import { header, parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';

export async function getBucketNotification(request: S3Request): Promise<void> {
  const { settings } = await requireBucket(request);
  sendXml(request, 200, notificationDocument(notificationConfiguration(settings.notification)));
}

/** An empty configuration takes it away. */
export async function putBucketNotification(request: S3Request): Promise<void> {
  const { accountId: owner } = await requireBucket(request);
  const { identities } = request;
  const configuration = parseNotification(await readDocument(request), {
    destinations: header(request, 'x-amz-skip-destination-validation') !== 'true',
    isKnown: (accountId) => accountId === owner || identities.withCanonicalId(identities.of(accountId).canonicalId) === accountId,
  });
  const { accountId, actor } = parties(request);
  const isEmpty = configuration.rules.length === 0 && !configuration.bus;
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'notification', isEmpty ? null : JSON.stringify(configuration), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200);
}
