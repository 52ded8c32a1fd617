// The S3 door, asked by who has no key, by who has another's, and in ways that S3 does not know.
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Report } from '../loop/report';
import type { LoopContext, Session } from '../loop/step';
import { fault, tell, tellBrokenHttp, type Finding } from './probe';
import type { Stranger } from './strangers';

interface Key { readonly createS3Key: { readonly id?: string; readonly secretAccessKey?: string } }

const ownWords = (text: string): boolean => /<Error>.*<Code>\w+<\/Code>/s.test(text) || text === '';
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'TRACE'].filter((method) => method !== 'TRACE');
const queries = [
  '', '?acl', '?uploads', '?uploadId=x&partNumber=0', '?uploadId=../..&partNumber=99999999999', '?list-type=2&max-keys=-1', '?list-type=2&continuation-token=%00', '?delete',
  '?versionId=zz', '?X-Amz-Signature=00', '?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b&X-Amz-Expires=-1&X-Amz-SignedHeaders=&X-Amz-Signature=zz', '?encoding-type=nonsense',
];
const authorizations = [
  'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=, Signature=', 'AWS a:b', 'Bearer x',
  'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00', 'x'.repeat(4000),
];

export async function wrongAtS3(context: LoopContext, strangers: readonly Stranger[], report: Report): Promise<void> {
  const { urls, artifacts: { bucket = '', objectKeys = [] } } = context;
  const paths = ['/', '//', '/..', `/${bucket}`, `/${bucket}/${objectKeys[0] ?? ''}`, '/UPPER/x', '/a', `/${'b'.repeat(300)}/x`, `/${bucket}/${'k'.repeat(2000)}`, `/${bucket}/%00%ff%fe`, '/%zz'];
  const findings: Finding[] = [];
  let count = 0;
  const tried = async (method: string, path: string, headers: Readonly<Record<string, string>>): Promise<void> => {
    count += 1;
    const response = await fetch(`${urls.s3}${path}`, { method, headers, ...(['GET', 'HEAD'].includes(method) ? {} : { body: '<a>' }) });
    const text = await response.text();
    const why = response.status < 400 && method !== 'OPTIONS' ? `lets a stranger in with ${response.status}` : fault({ status: response.status, text }, ownWords);
    if (why !== null) findings.push({ said: `${method} ${path.slice(0, 80)}`, why });
  };
  for (const path of paths) for (const method of methods) await tried(method, path, {});
  for (const query of queries) for (const method of methods) await tried(method, `/${bucket}/x${query}`, {});
  for (const authorization of authorizations) await tried('GET', `/${bucket}`, { authorization, 'x-amz-date': '20260101T000000Z' });
  tell(report, 'S3: who has no key gets S3\'s own refusal', count, findings);
  const account = strangers.find(({ session }) => session !== null)?.session;
  if (account !== null && account !== undefined) await tellOtherKey(context, account, report);
  await tellBrokenHttp(report, 'S3', urls.s3, `/${bucket}`);
}

async function tellOtherKey(context: LoopContext, account: Session, report: Report): Promise<void> {
  const { artifacts: { bucket: Bucket = '', objectKeys: [Key = ''] = [] } } = context;
  const { createS3Key: key } = await context.graphql<Key>('mutation { createS3Key { ... on S3Key { id secretAccessKey } } }', {}, account);
  const s3 = new S3Client({
    endpoint: context.urls.s3, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1,
    credentials: { accessKeyId: key.id ?? '', secretAccessKey: key.secretAccessKey ?? '' },
  });
  const answers = await Promise.all([
    codeOf(s3.send(new ListObjectsV2Command({ Bucket }))), codeOf(s3.send(new GetObjectCommand({ Bucket, Key }))),
    codeOf(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'stranger' }))),
  ]);
  report.check('S3: another\'s key opens nothing', answers.every((code) => code === 'AccessDenied'), answers.join(', '));
  s3.destroy();
}

function codeOf(sent: Promise<unknown>): Promise<string> {
  return sent.then(() => 'let in', (error: unknown) => (error instanceof S3ServiceException ? error.name : String(error)));
}
