import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Deleted, PresentBucket, ReadableObject } from '@oort/subgraphs-storage';
import { requireAccess } from '../access/admission';
import { listOfNewObject } from '../access/new-lists';
import { checksumNamed, digesting } from '../checksums';
import { checkReadConditions, partRange, rangeOf, unquoted, writeCondition } from '../conditions';
import type { CustomerKey } from '../customer-key';
import { typeOf } from '../joined-checksums';
import { expirationHeader } from '../lifecycle';
import { contextHeader, encryptionHeaders, encryptionOfWrite, requireKey } from '../object-encryption';
import { lockOfHeaders } from '../object-lock';
import { readDocument, requestBody, requireLength } from '../request-body';
import { errorOf, errorOfRefusal, S3Error } from '../s3-error';
import { header, parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { decode } from '../sigv4';
import { checksumElements, checksumHeaders, contentTypeOf, metadataOf, objectHeaders, refuseUnknown } from '../stored-headers';
import { tagsOfHeader } from '../tags';
import { requireVersion, sourceHeaders, versionHeaders, versionNamed } from '../versions';
import { document, element, fields, malformed, parseXml } from '../xml';
import { mayBypass } from './object-lock';

export async function putObject(request: S3Request): Promise<void> {
  requireLength(request);
  sendEmpty(request, 200, await storeObject(request));
}

/** Put what the body holds; the headers that say what came of it. */
export async function storeObject(request: S3Request, way?: 'Post'): Promise<Readonly<Record<string, string>>> {
  const present = await requireBucket(request);
  const { versioning } = present;
  refuseUnknown(request);
  const { customer, managed, asked } = await encryptionOfWrite(request, present);
  const list = { ...listOfNewObject(request, present), ...lockOfHeaders(request, present), ...asked };
  const cold = isCold(header(request, 'x-amz-storage-class'));
  const condition = writeCondition(request);
  const { objects, bucket, key } = request;
  if (condition.ifNoneMatch === '*' && await objects.find(bucket, key) !== null) {
    throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  }
  if (condition.ifMatch !== undefined && await objects.find(bucket, key) === null) throw noSuchKey();
  const tags = tagsOfHeader(header(request, 'x-amz-tagging'));
  const body = requestBody(request);
  const done = await objects.put({
    ...parties(request), ...list, bucket, key, body: body.bytes, contentType: contentTypeOf(request), userMetadata: metadataOf(request),
    ...(body.sizeBytes === undefined ? {} : { sizeBytes: body.sizeBytes }), checksums: () => body.checksums(), condition, ...(tags === undefined ? {} : { tags }), ...(way === undefined ? {} : { way }), state: present,
  });
  if (!done.ok) throw errorOfRefusal(done.refusal);
  if (cold) await archive(request);
  return { etag: `"${done.value.etag}"`, ...encryptionHeaders(customer, managed ?? undefined), ...contextHeader(managed), ...checksumHeaders(done.value.checksums), ...versionHeaders(done.value, versioning), ...expirationHeader(present, done.value, request.now().toISOString(), objects.dayMs) };
}

/** STANDARD is the hot nodes, GLACIER and DEEP_ARCHIVE are the archive nodes. Throws S3Error for classes that do not exist here. */
function isCold(storageClass: string | null): boolean {
  if (storageClass === null || storageClass === 'STANDARD') return false;
  if (storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE') return true;
  throw new S3Error('InvalidStorageClass', 'The storage classes are STANDARD and GLACIER.');
}

async function archive(request: S3Request): Promise<void> {
  const { objects, bucket, key } = request;
  const done = await objects.archive(parties(request).accountId, bucket, key);
  if (!done.ok) throw errorOfRefusal(done.refusal);
}

export async function getObject(request: S3Request): Promise<void> {
  const present = await requireBucket(request);
  const { versioning } = present;
  const object = await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId'));
  checkReadConditions(request, { ...object.version, storedAt: object.storedAt });
  const { version } = object;
  const customer = await requireKey(request, version);
  if (object.status === 'archived' && request.method === 'GET') {
    throw new S3Error('InvalidObjectState', "The operation is not valid for the object's storage class; restore it first.");
  }
  const partNumber = queryValue(request, 'partNumber');
  const range = partNumber === null ? rangeOf(header(request, 'range'), version.sizeBytes) : partRange(partNumber, header(request, 'range'), version);
  const { start, end } = range ?? { start: 0, end: version.sizeBytes };
  const expiry = queryValue(request, 'versionId') === null ? expirationHeader(present, version, object.storedAt, request.objects.dayMs) : {};
  const headers: Record<string, string> = { ...objectHeaders(request, version, object.storedAt, range === null), ...encryptionHeaders(customer, version.encryption), ...versionHeaders(version, versioning), ...expiry, 'content-length': String(end - start) };
  if (range !== null) headers['content-range'] = `bytes ${start}-${end - 1}/${version.sizeBytes}`;
  if (partNumber !== null && version.parts !== undefined) headers['x-amz-mp-parts-count'] = String(version.parts.length);
  const status = range === null ? 200 : 206;
  if (request.method === 'HEAD') return void request.response.writeHead(status, headers).end();
  await send(request, status, headers, request.objects.readBatches(version, start, end, customer?.key));
}

/** The first bytes are read before the status is sent, so that an object out of reach is an error and not half a body. */
async function send({ response }: S3Request, status: number, headers: Readonly<Record<string, string>>, batches: AsyncGenerator<Buffer[]>): Promise<void> {
  try {
    const first = await batches.next();
    response.writeHead(status, headers);
    for (let batch = first; batch.done !== true; batch = await batches.next()) {
      if (!(await passOn(response, batch.value))) return;
    }
    response.end();
    await finished(response, { readable: false });
  } finally {
    await batches.return(undefined);
  }
}

/** A batch in one call of the system. Resolves once the reader took it; false when he left. */
async function passOn(response: ServerResponse, parts: Buffer[]): Promise<boolean> {
  if (response.destroyed) return false;
  response.cork();
  const taken = parts.splice(0).map((part) => response.write(part)).at(-1) ?? true;
  response.uncork();
  if (taken) return true;
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      resolve(!response.destroyed);
    };
    response.on('drain', settle).on('close', settle);
  });
}

export async function deleteObject(request: S3Request): Promise<void> {
  const { versioning } = await requireBucket(request);
  const deleted = await deleteKey(request, request.key, queryValue(request, 'versionId'), header(request, 'if-match'));
  const headers: Record<string, string> = {};
  if (deleted.marker) headers['x-amz-delete-marker'] = 'true';
  if (deleted.version !== null && versioning !== 'off') headers['x-amz-version-id'] = deleted.version;
  sendEmpty(request, 204, headers);
}

/** `ifMatch`: the etag that the object must have, or a star for any (Amazon S3 User Guide, "How to perform conditional deletes"). */
async function deleteKey(request: S3Request, key: string, version: string | null, ifMatch: string | null): Promise<Deleted> {
  const { objects, bucket } = request;
  const remove = (bypass: boolean) => objects.delete({ ...parties(request), bucket, key, version: versionNamed(version), condition: ifMatch === null ? {} : { ifMatch: unquoted(ifMatch) }, bypass });
  const plain = await remove(false);
  const done = !plain.ok && plain.refusal.code === 'OBJECT_LOCKED' && await mayBypass(request, key) ? await remove(true) : plain;
  if (done.ok) return done.value;
  // Deleting what is not there succeeds, as S3 has it.
  if (done.refusal.code === 'NO_SUCH_OBJECT' && ifMatch === null) return { version, marker: false };
  throw errorOfRefusal(done.refusal);
}

const mostDeletes = 1000;
const deletesAtOnce = 16;

export async function deleteObjects(request: S3Request): Promise<void> {
  await requireBucket(request);
  const asked = parseXml(await readDocument(request), 'Delete');
  const objects = asked['Object'];
  if (!Array.isArray(objects) || objects.length === 0 || objects.length > mostDeletes) throw malformed();
  const quiet = asked['Quiet'] === 'true';
  const targets = objects.map((object: unknown) => {
    const { Key: key, VersionId: versionId, ETag: etag, LastModifiedTime: at, Size: size } = fields(object);
    if (at !== undefined || size !== undefined) throw new S3Error('NotImplemented', 'Deletes on condition of a size or time are not implemented.');
    if (typeof key !== 'string' || key === '') throw malformed();
    return { key, versionId: typeof versionId === 'string' ? versionId : null, etag: typeof etag === 'string' ? etag : null };
  });
  const results = [];
  for (let start = 0; start < targets.length; start += deletesAtOnce) {
    results.push(...await Promise.all(targets.slice(start, start + deletesAtOnce).map(async ({ key, versionId, etag }) => {
      try {
        await requireAccess(request, { bucket: request.bucket, key, versionId, action: 's3:DeleteObject' });
        const { version, marker } = await deleteKey(request, key, versionId, etag);
        const ofMarker = marker ? { DeleteMarker: true, DeleteMarkerVersionId: version } : {};
        return { deleted: element('Deleted', { Key: key, VersionId: versionId, ...ofMarker }), failed: null };
      } catch (error) {
        const { s3Code, message } = errorOf(error);
        return { deleted: null, failed: element('Error', { Key: key, VersionId: versionId, Code: s3Code, Message: message }) };
      }
    })));
  }
  const deleted = results.flatMap((result) => (result.deleted === null || quiet ? [] : [result.deleted]));
  sendXml(request, 200, document('DeleteResult', { Deleted: deleted, Error: results.flatMap(({ failed }) => failed ?? []) }));
}

export interface CopySource { readonly object: ReadableObject; readonly customer: CustomerKey | null; readonly bucket: string; readonly key: string; readonly versioning: PresentBucket['versioning'] }

/** Throws S3Error NoSuchKey, AccessDenied, PreconditionFailed, InvalidObjectState. */
export async function copySource(request: S3Request): Promise<CopySource> {
  // A key may hold a question mark, but then it is encoded; the version's id stands behind a plain one.
  const [path = '', name = null] = (header(request, 'x-amz-copy-source') ?? '').replace(/^\//, '').split('?versionId=');
  const text = decode(path);
  const slash = text.indexOf('/');
  if (slash <= 0) throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey');
  const [bucket, key] = [text.slice(0, slash), text.slice(slash + 1)];
  const { versioning, accountId } = await requireAccess(request, { bucket, key, versionId: name, action: 's3:GetObject' });
  const expected = header(request, 'x-amz-source-expected-bucket-owner');
  if (expected !== null && expected !== accountId) throw new S3Error('AccessDenied', 'Access Denied');
  const object = await requireVersion(request, bucket, key, name);
  checkReadConditions(request, { ...object.version, storedAt: object.storedAt }, 'x-amz-copy-source-');
  if (object.status === 'archived') throw new S3Error('InvalidObjectState', 'The source is archived; restore it first.');
  return { object, customer: await requireKey(request, object.version, 'copy-source-'), bucket, key, versioning };
}

export async function copyObject(request: S3Request): Promise<void> {
  const present = await requireBucket(request);
  const { versioning } = present;
  refuseUnknown(request);
  const { customer, managed, asked } = await encryptionOfWrite(request, present);
  const list = { ...listOfNewObject(request, present), ...lockOfHeaders(request, present), ...asked };
  const { object, customer: fromCustomer, bucket: from, key: fromKey, versioning: fromVersioning } = await copySource(request);
  const { version } = object;
  const cold = isCold(header(request, 'x-amz-storage-class'));
  const replace = header(request, 'x-amz-metadata-directive') === 'REPLACE';
  const tags = header(request, 'x-amz-tagging-directive') === 'REPLACE' ? tagsOfHeader(header(request, 'x-amz-tagging')) : version.tags;
  const { objects, bucket, key } = request;
  const current = versioning === 'off' ? object : await objects.find(bucket, key);
  if (from === bucket && fromKey === key && !replace && !cold && !encrypts(request) && current?.version.versionId === version.versionId) {
    throw new S3Error('InvalidRequest', 'This copy request is illegal because it is trying to copy an object to itself without changing it.');
  }
  const { bytes, checksums } = checkedCopy(request, version, objects.read(version, 0, version.sizeBytes, fromCustomer?.key));
  const done = await objects.put({
    ...parties(request), ...list, bucket, key, body: bytes, sizeBytes: version.sizeBytes, condition: writeCondition(request), checksums,
    contentType: replace ? contentTypeOf(request) : version.contentType, userMetadata: replace ? metadataOf(request) : version.userMetadata,
    ...(tags === undefined ? {} : { tags }), way: 'Copy', state: present,
  });
  if (!done.ok) throw errorOfRefusal(done.refusal);
  if (cold) await archive(request);
  sendXml(request, 200, document('CopyObjectResult', { ETag: `"${done.value.etag}"`, LastModified: request.now().toISOString(), ...checksumElements(done.value.checksums) }), {
    ...encryptionHeaders(customer, managed ?? undefined), ...contextHeader(managed), ...versionHeaders(done.value, versioning), ...sourceHeaders(version, fromVersioning),
  });
}

/** A copy has the checksum that is asked for, else its source's; one of parts is computed anew, since a copy has none. Throws S3Error NotImplemented. */
function checkedCopy(request: S3Request, { checksums }: ReadableObject['version'], bytes: AsyncIterable<Buffer>): { readonly bytes: AsyncIterable<Buffer>; checksums(): Readonly<Record<string, string>> } {
  const asked = header(request, 'x-amz-checksum-algorithm');
  const [had, value = ''] = Object.entries(checksums)[0] ?? [];
  const name = asked ?? had;
  if (name === undefined || (name.toUpperCase() === had && typeOf(value) === 'FULL_OBJECT')) return { bytes, checksums: () => checksums };
  const known = checksumNamed(name);
  if (known === null) throw new S3Error('NotImplemented', `The checksum ${name} is not implemented.`);
  return digesting(known, bytes);
}

/** A copy onto itself changes something where it says how it is to be encrypted. */
function encrypts(request: S3Request): boolean {
  return Object.keys(request.incoming.headers).some((name) => name.startsWith('x-amz-server-side-encryption'));
}

/** RestoreObject. The archive nodes answer at once, so the object is hot when the request is answered: for the days that it asks for, and
 *  for good without any. */
export async function restoreObject(request: S3Request): Promise<void> {
  await requireBucket(request);
  const { objects, bucket, key } = request;
  const days = daysOf(await readDocument(request));
  const until = days === null ? undefined : new Date(request.now().getTime() + days * objects.dayMs).toISOString();
  const done = await objects.restore(parties(request).accountId, bucket, key, queryValue(request, 'versionId'), until, request.auth.accountId);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 202);
}

function daysOf(body: Buffer): number | null {
  if (body.length === 0) return null;
  const { Days: days, Type: type } = parseXml(body, 'RestoreRequest');
  if (type !== undefined) throw new S3Error('NotImplemented', 'Restoring by a query is not implemented.');
  if (days === undefined) return null;
  if (typeof days !== 'string' || !/^\d+$/.test(days) || Number(days) < 1) throw malformed();
  return Number(days);
}

function noSuchKey(): S3Error { return new S3Error('NoSuchKey', 'The specified key does not exist.'); }
