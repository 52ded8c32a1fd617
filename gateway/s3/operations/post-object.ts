// POST Object: a browser's form puts an object. The form's fields are what the headers of a PUT are, so the rest is that of a PUT.
import type { IncomingMessage } from 'node:http';
import { admit } from '../access/admission';
import { checkPolicy, required, whoseForm, type Fields, type SizeRange } from '../post-form/form-policy';
import { readForm } from '../post-form/form-reader';
import { received } from '../request-body';
import { S3Error } from '../s3-error';
import { header, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { mostObjectTags, parseTagging } from '../tags';
import { document } from '../xml';
import { storeObject } from './objects';

const longestKeyBytes = 1024;

export async function postObject(request: S3Request): Promise<void> {
  const { fields, file } = await readForm(header(request, 'content-type') ?? '', received(request));
  const key = required(fields, 'key');
  if (Buffer.byteLength(key) > longestKeyBytes) throw new S3Error('KeyTooLongError', 'Your key is too long');
  const auth = whoseForm(fields, (accessKeyId) => request.findS3Key(accessKeyId));
  const size = fields.has('policy') ? checkPolicy(request.bucket, fields, request.now()) : { least: 0, most: Number.MAX_SAFE_INTEGER };
  const put = { ...request, auth, key, method: 'PUT', query: [], incoming: asPut(request.incoming, fields, within(file, size)) };
  const admitted = { ...put, admitted: await admit(put) };
  await requireBucket(admitted);
  answer(request, fields, key, await storeObject(admitted, 'Post'));
}

const headersOfRequest = ['host', 'user-agent', 'referer', 'origin', 'x-amz-expected-bucket-owner'];
const headersOfFields = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-type', 'expires'];
const ofSignature = ['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature'];

/** The request as the PUT that it stands for: what its fields say as headers, the file as its body. */
function asPut(incoming: IncomingMessage, fields: Fields, file: AsyncGenerator<Buffer>): IncomingMessage {
  const headers: Record<string, string> = {};
  for (const name of headersOfRequest) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  for (const [name, value] of fields) {
    if (headersOfFields.includes(name) || (name.startsWith('x-amz-') && !ofSignature.includes(name))) headers[name] = value;
  }
  const [acl, tagging] = [fields.get('acl'), fields.get('tagging')];
  if (acl !== undefined) headers['x-amz-acl'] = acl;
  if (tagging !== undefined) headers['x-amz-tagging'] = new URLSearchParams(parseTagging(Buffer.from(tagging), mostObjectTags)).toString();
  const put: unknown = Object.create(incoming, {
    headers: { value: headers }, complete: { value: true }, [Symbol.asyncIterator]: { value: () => file },
  });
  return put as IncomingMessage;
}

async function* within(file: AsyncGenerator<Buffer>, { least, most }: SizeRange): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of file) {
    size += chunk.length;
    if (size > most) throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
    yield chunk;
  }
  if (size < least) throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
}

function answer(request: S3Request, fields: Fields, key: string, headers: Readonly<Record<string, string>>): void {
  const { bucket } = request;
  const etag = headers['etag'] ?? '';
  const redirect = redirectOf(fields.get('success_action_redirect') ?? fields.get('redirect'));
  if (redirect !== null) {
    for (const [name, value] of Object.entries({ bucket, key, etag })) redirect.searchParams.set(name, value);
    return sendEmpty(request, 303, { ...headers, location: redirect.href });
  }
  const location = `http://${header(request, 'host') ?? ''}/${bucket}/${encodeURIComponent(key)}`;
  const status = fields.get('success_action_status');
  if (status !== '201') return sendEmpty(request, status === '200' ? 200 : 204, { ...headers, location });
  sendXml(request, 201, document('PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: etag }), { ...headers, location });
}

/** An address that is none counts as not given. */
function redirectOf(text: string | undefined): URL | null {
  return text !== undefined && /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : null;
}
