import type { Part, PresentBucket, UploadState } from '@oort/subgraphs-storage';
import { listOfNewObject } from '../access/new-lists';
import { checksumNamed, digesting, headerOfChecksum } from '../checksums';
import { copyRangeOf, unquoted, writeCondition } from '../conditions';
import { customerKeyOf, type CustomerKey } from '../customer-key';
import { defaultType, isPossible, joinedChecksum, typeOf, type ChecksumType } from '../joined-checksums';
import { abortHeaders } from '../lifecycle';
import { contextHeader, encryptionHeaders, encryptionOfWrite, requireUploadKey } from '../object-encryption';
import { lockOfHeaders } from '../object-lock';
import { readDocument, requestBody, requireLength } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { header, parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { checksumElements, checksumHeaders, contentTypeOf, metadataOf, refuseUnknown } from '../stored-headers';
import { tagsOfHeader } from '../tags';
import { sourceHeaders, versionHeaders } from '../versions';
import { document, fields, malformed, parseXml } from '../xml';
import { copySource } from './objects';

const mostParts = 10_000;

export async function createUpload(request: S3Request): Promise<void> {
  const present = await requireBucket(request);
  refuseUnknown(request);
  const { objects, bucket, key } = request;
  const storageClass = header(request, 'x-amz-storage-class') ?? 'STANDARD';
  if (storageClass !== 'STANDARD') throw new S3Error('NotImplemented', 'A multipart upload goes to STANDARD; archive the object afterwards.');
  const algorithm = header(request, 'x-amz-checksum-algorithm');
  if (algorithm !== null && checksumNamed(algorithm) === null) throw new S3Error('NotImplemented', `The checksum ${algorithm} is not implemented.`);
  const type = checksumTypeOf(request, algorithm);
  const tags = tagsOfHeader(header(request, 'x-amz-tagging'));
  const { customer, managed, asked } = await encryptionOfWrite(request, present);
  const uploadId = await objects.uploads.start({
    ...parties(request), bucket, key, contentType: contentTypeOf(request), userMetadata: metadataOf(request), checksumAlgorithm: algorithm?.toUpperCase() ?? null,
    ...(type === null ? {} : { checksumType: type }), ...(tags === undefined ? {} : { tags }), ...listOfNewObject(request, present), ...lockOfHeaders(request, present), ...asked,
  });
  sendXml(request, 200, document('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId }), {
    ...(type === null || algorithm === null ? {} : { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type }),
    ...encryptionHeaders(customer, managed ?? undefined), ...contextHeader(managed), ...abortHeaders(present, { key, startedAt: request.now().toISOString() }, objects.dayMs),
  });
}

/** Throws S3Error InvalidRequest for what no checksum of that name can be. */
function checksumTypeOf(request: S3Request, algorithm: string | null): ChecksumType | null {
  const asked = header(request, 'x-amz-checksum-type');
  const name = algorithm === null ? null : checksumNamed(algorithm);
  if (name === null) {
    if (asked !== null) throw new S3Error('InvalidRequest', 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
    return null;
  }
  const type = asked === null ? defaultType(name) : asked === 'COMPOSITE' || asked === 'FULL_OBJECT' ? asked : null;
  if (type === null) throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
  if (!isPossible(name, type)) throw new S3Error('InvalidRequest', `The ${type} checksum type cannot be used with the ${name.toLowerCase()} checksum algorithm.`);
  return type;
}

/** Of the whole, if each part has one. Throws S3Error BadDigest when the client says another. */
function wholeChecksum(request: S3Request, { checksumAlgorithm, checksumType }: Known['upload'], parts: readonly Part[]): Readonly<Record<string, string>> {
  const name = checksumAlgorithm === null ? null : checksumNamed(checksumAlgorithm);
  if (name === null) return {};
  const each = parts.flatMap(({ sizeBytes, checksums }) => (checksums[name] === undefined ? [] : [{ sizeBytes, base64: checksums[name] }]));
  if (each.length < parts.length) return {};
  const checksum = joinedChecksum(name, checksumType ?? defaultType(name), each);
  const said = header(request, headerOfChecksum(name));
  // A composite one may be said without the count.
  if (said !== null && said !== checksum && said !== checksum.replace(/-\d+$/, '')) throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  return { [name]: checksum };
}

export async function uploadPart(request: S3Request): Promise<void> {
  requireLength(request);
  const { uploadId, partNumber, known } = await requirePart(request);
  const customer = await requireUploadKey(request, known.upload.upload, known.state);
  const body = requestBody(request);
  const done = await request.objects.uploads.storePart(uploadId, partNumber, body.bytes, () => body.checksums(), body.sizeBytes, { ...known, ...keyOf(customer) });
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200, { etag: `"${done.value.etag}"`, ...encryptionHeaders(customer, known.upload.upload.encryption), ...checksumHeaders(done.value.checksums) });
}

export async function uploadPartCopy(request: S3Request): Promise<void> {
  const { uploadId, partNumber, known } = await requirePart(request);
  const customer = await requireUploadKey(request, known.upload.upload, known.state);
  const { object: { version }, customer: fromCustomer, versioning: fromVersioning } = await copySource(request);
  const range = copyRangeOf(header(request, 'x-amz-copy-source-range'), version.sizeBytes);
  const bytes = request.objects.read(version, range?.start, range?.end, fromCustomer?.key);
  const algorithm = checksumNamed(known.upload.upload.checksumAlgorithm ?? '');
  const { bytes: body, checksums } = algorithm === null ? { bytes, checksums: () => ({}) } : digesting(algorithm, bytes);
  const done = await request.objects.uploads.storePart(uploadId, partNumber, body, checksums, (range?.end ?? version.sizeBytes) - (range?.start ?? 0), { ...known, ...keyOf(customer) });
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendXml(request, 200, document('CopyPartResult', { ETag: `"${done.value.etag}"`, LastModified: request.now().toISOString(), ...checksumElements(done.value.checksums) }), {
    ...encryptionHeaders(customer, known.upload.upload.encryption), ...sourceHeaders(version, fromVersioning),
  });
}

function keyOf(customer: CustomerKey | null): { readonly customerKey?: Buffer } { return customer === null ? {} : { customerKey: customer.key }; }

export async function completeUpload(request: S3Request): Promise<void> {
  const { uploadId, state } = await requireUpload(request, true);
  // Amazon needs no key here; one that is said has to be the upload's.
  const customer = customerKeyOf(request) === null ? null : await requireUploadKey(request, state.upload);
  const { versioning } = await requireBucket(request);
  const asked = parseXml(await readDocument(request, true), 'CompleteMultipartUpload');
  const listed = asked['Part'];
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > mostParts) throw malformed();
  const parts = listed.map((part: unknown) => {
    const { PartNumber: number, ETag: etag } = fields(part);
    if (typeof number !== 'string' || !/^\s*\d{1,5}\s*$/.test(number) || typeof etag !== 'string') throw malformed();
    return { partNumber: Number(number), etag: unquoted(etag), said: fields(part) };
  });
  const done = await request.objects.uploads.complete(uploadId, parts.map(({ partNumber, etag }) => ({ partNumber, etag })), writeCondition(request), (chosen) => {
    checkParts(request, parts, chosen);
    return wholeChecksum(request, state.upload, chosen);
  }, request.auth.accountId);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  const { bucket, key } = request;
  const whole = Object.entries(done.value.checksums);
  sendXml(request, 200, document('CompleteMultipartUploadResult', {
    Location: `/${bucket}/${key}`, Bucket: bucket, Key: key, ETag: `"${done.value.etag}"`,
    ...Object.fromEntries(whole.map(([name, value]) => [`Checksum${name}`, value])), ChecksumType: whole[0] === undefined ? null : typeOf(whole[0][1]),
  }), { ...(state.upload.encryption?.kind === 'customer' && customer === null ? {} : encryptionHeaders(customer, state.upload.encryption)), ...versionHeaders(done.value, versioning) });
}

/** What the client says of the parts and of their sum must be so. Throws S3Error InvalidPart, InvalidRequest. */
function checkParts(request: S3Request, asked: readonly { readonly said: Readonly<Record<string, unknown>> }[], chosen: readonly Part[]): void {
  for (const [index, { checksums }] of chosen.entries()) {
    const wrong = Object.entries(asked[index]?.said ?? {}).find(([name, value]) => name.startsWith('Checksum') && checksums[name.slice('Checksum'.length)] !== value);
    if (wrong !== undefined) throw new S3Error('InvalidPart', "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag or checksum may not match the part's.");
  }
  const [said, sum] = [header(request, 'x-amz-mp-object-size'), chosen.reduce((total, { sizeBytes }) => total + sizeBytes, 0)];
  if (said !== null && Number(said) !== sum) throw new S3Error('InvalidRequest', `The provided 'x-amz-mp-object-size' header does not match what was computed: ${sum}`);
}

export async function abortUpload(request: S3Request): Promise<void> {
  const { uploadId } = await requireUpload(request);
  const done = await request.objects.uploads.abort(uploadId);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 204);
}

async function requirePart(request: S3Request): Promise<{ readonly uploadId: string; readonly partNumber: number; readonly known: { readonly upload: Known; readonly state: PresentBucket } }> {
  const partNumber = Number(queryValue(request, 'partNumber'));
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > mostParts) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const { uploadId, state } = await requireUpload(request);
  return { uploadId, partNumber, known: { upload: state, state: await requireBucket(request) } };
}

type Known = Exclude<UploadState, { readonly status: 'absent' | 'aborted' }>;

/** Throws S3Error NoSuchUpload also for an upload to another key. */
export async function requireUpload(request: S3Request, orCompleted = false): Promise<{ readonly uploadId: string; readonly state: Known }> {
  await requireBucket(request);
  const uploadId = queryValue(request, 'uploadId') ?? '';
  const state = await request.objects.uploads.find(uploadId);
  const known = state.status === 'open' || (orCompleted && state.status === 'completed');
  if (!known || state.upload.bucket !== request.bucket || state.upload.key !== request.key) {
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.');
  }
  return { uploadId, state };
}
