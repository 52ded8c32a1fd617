import { Fault } from '@oort/kernel-wire';
import { KeyUnusable } from '@oort/subgraphs-storage';

/** Codes and statuses as the Amazon S3 API reference, "Error responses", lists them. */
const statuses = {
  AccessControlListNotSupported: 400, AccessDenied: 403, AccessForbidden: 403, AuthorizationHeaderMalformed: 400, AuthorizationQueryParametersError: 400, BadDigest: 400, BadRequest: 400, BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409, BucketNotEmpty: 409, EntityTooLarge: 400, EntityTooSmall: 400, IllegalVersioningConfigurationException: 400, IncompleteBody: 400, InvalidBucketState: 409, InternalError: 500, InvalidBucketAclWithObjectOwnership: 400,
  InvalidAccessKeyId: 403, InvalidArgument: 400, InvalidBucketName: 400, InvalidDigest: 400, InvalidEncryptionAlgorithmError: 400, InvalidObjectState: 403, InvalidPart: 400, InvalidPartNumber: 416,
  InvalidPartOrder: 400, InvalidRange: 416, InvalidRequest: 400, InvalidStorageClass: 400, InvalidTag: 400, InvalidToken: 400, InvalidURI: 400, KeyTooLongError: 400,
  MalformedACLError: 400, MalformedPolicy: 400, MalformedXML: 400, MethodNotAllowed: 405, MissingContentLength: 411, MissingSecurityHeader: 400, NoSuchBucket: 404, NoSuchBucketPolicy: 404, NoSuchCORSConfiguration: 404, NoSuchKey: 404, NoSuchLifecycleConfiguration: 404, NoSuchObjectLockConfiguration: 404, NoSuchPublicAccessBlockConfiguration: 404, NoSuchTagSet: 404, NoSuchUpload: 404, NoSuchVersion: 404,
  NotImplemented: 501, NotModified: 304, ObjectLockConfigurationNotFoundError: 404, OperationAborted: 409, OwnershipControlsNotFoundError: 404, PreconditionFailed: 412, QuotaExceeded: 403, RequestHeaderSectionTooLarge: 400, RequestTimeout: 400, RequestTimeTooSkewed: 403, ServiceUnavailable: 503, SignatureDoesNotMatch: 403, SlowDown: 503, UnresolvableGrantByEmailAddress: 400,
  'KMS.NotFoundException': 400, 'KMS.DisabledException': 400, 'KMS.KMSInvalidStateException': 400,
  IncorrectNumberOfFilesInPostRequest: 400, InvalidPolicyDocument: 400, MalformedPOSTRequest: 400, MaxPostPreDataLengthExceeded: 400, RequestIsNotMultiPartContent: 400,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3ErrorCode = keyof typeof statuses;

/** What the client is told. */
export class S3Error extends Fault {
  readonly status: number;

  /** `headers` go with the answer, `details` into its document. */
  constructor(
    readonly s3Code: S3ErrorCode, message: string, readonly headers: Readonly<Record<string, string>> = {}, readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(s3Code, message);
    this.status = statuses[s3Code];
  }
}

const ofRefusals: Readonly<Record<string, S3ErrorCode>> = {
  BAD_BUCKET_NAME: 'InvalidBucketName', BUCKET_EXISTS: 'BucketAlreadyOwnedByYou', BUCKET_TAKEN: 'BucketAlreadyExists', NO_SUCH_BUCKET: 'NoSuchBucket',
  NOT_OWNER: 'AccessDenied', BUCKET_NOT_EMPTY: 'BucketNotEmpty', PRECONDITION_FAILED: 'PreconditionFailed', NO_SUCH_OBJECT: 'NoSuchKey',
  OBJECT_REPLACED: 'OperationAborted', OBJECT_ARCHIVED: 'InvalidObjectState', OBJECT_NOT_ARCHIVED: 'InvalidObjectState',
  NO_SUCH_UPLOAD: 'NoSuchUpload', INVALID_PART: 'InvalidPart', INVALID_PART_ORDER: 'InvalidPartOrder', PART_TOO_SMALL: 'EntityTooSmall',
  BUCKET_LOCKED: 'InvalidBucketState', BUCKET_NOT_VERSIONED: 'InvalidBucketState', OBJECT_LOCKED: 'AccessDenied', QUOTA_EXCEEDED: 'QuotaExceeded',
};

export function errorOfRefusal({ code, message }: { readonly code: string; readonly message: string }): S3Error {
  return new S3Error(ofRefusals[code] ?? 'InternalError', message);
}

const ofFaults: Readonly<Record<string, S3ErrorCode>> = { STORAGE_UNAVAILABLE: 'ServiceUnavailable', PIECES_UNREACHABLE: 'ServiceUnavailable', ARCHIVE_UNREACHABLE: 'ServiceUnavailable', ARCHIVE_SERVICE_FAILED: 'ServiceUnavailable', ARCHIVE_UNPAID: 'ServiceUnavailable' };

/** Everything else is ours to repair and shows nothing of itself. */
export function errorOf(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof KeyUnusable) return errorOfKey(error);
  const code = error instanceof Fault ? ofFaults[error.code] : undefined;
  if (code !== undefined) return new S3Error(code, 'Too few storage nodes can be reached now. Please try again.');
  process.stderr.write(`S3 door: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  return new S3Error('InternalError', 'We encountered an internal error. Please try again.');
}

/** As Amazon S3 answers what AWS KMS answered it. */
function errorOfKey({ reason, key }: KeyUnusable): S3Error {
  switch (reason) {
    case 'unknown': return new S3Error('KMS.NotFoundException', `Invalid keyId '${key}'`);
    case 'disabled': return new S3Error('KMS.DisabledException', `${key} is disabled.`);
    case 'pending deletion': return new S3Error('KMS.KMSInvalidStateException', `${key} is pending deletion.`);
    case 'not granted': return new S3Error('AccessDenied', 'Access Denied');
  }
}
