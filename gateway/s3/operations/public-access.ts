import { publicAccessBlock, publicAccessFields, type PublicAccess } from '../access/bucket-rules';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document, malformed, parseXml } from '../xml';

export async function getPublicAccessBlock(request: S3Request): Promise<void> {
  const block = publicAccessBlock(await requireBucket(request));
  if (block === null) throw new S3Error('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found');
  sendXml(request, 200, document('PublicAccessBlockConfiguration', Object.fromEntries(publicAccessFields.map((name) => [name, block[name]]))));
}

export async function putPublicAccessBlock(request: S3Request): Promise<void> {
  await requireBucket(request);
  const given = parseXml(await readDocument(request), 'PublicAccessBlockConfiguration');
  const flag = (name: keyof PublicAccess): boolean => {
    const value = given[name] ?? 'false';
    if (value !== 'true' && value !== 'false' && value !== 'TRUE' && value !== 'FALSE') throw malformed();
    return value.toLowerCase() === 'true';
  };
  const block: PublicAccess = {
    BlockPublicAcls: flag('BlockPublicAcls'), IgnorePublicAcls: flag('IgnorePublicAcls'), BlockPublicPolicy: flag('BlockPublicPolicy'),
    RestrictPublicBuckets: flag('RestrictPublicBuckets'),
  };
  await setBlock(request, block, 200);
}

export async function deletePublicAccessBlock(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setBlock(request, null, 204);
}

async function setBlock(request: S3Request, block: PublicAccess | null, status: 200 | 204): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'publicAccess', JSON.stringify(block), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, status);
}
