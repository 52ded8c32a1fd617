// How the server says no: gRPC status with trailers for single calls, google.rpc.Status with a detail for batches.
// Names, codes and numbers are those that stock clients turn into their typed errors.
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { AppendTooLarge, StoreClosed, StreamDeleted, WrongExpectedRevision, type ExpectedRevision } from '@oort/kernel-eventstore';
import { Fault, messageOf } from '@oort/kernel-wire';
import { anyOf, longOf } from './protocol';
import { NotAuthenticated, TooManySignIns } from './users';
import type { Reply } from './messages';

/** The client broke the protocol. */
export class Malformed extends Fault {
  constructor(message: string) { super('MALFORMED', message); }
}

export class NotAllowed extends Fault {
  constructor(message: string) { super('NOT_ALLOWED', message); }
}

/** The deadline of a batch passed before it was complete. */
export class TooLate extends Fault {
  constructor() { super('TOO_LATE', 'the deadline has passed'); }
}

/** In trailers an expected version is a number (ExpectedVersion of the public protocol). */
const versionNumbers = { 'no-stream': '-1', any: '-2', 'stream-exists': '-4' } as const;

export function serviceError(error: unknown, stream: string): ServiceError {
  const [code, trailers] = trailersOf(error, stream);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return Object.assign(new Fault('REFUSED', messageOf(error)), { code, details: messageOf(error), metadata });
}

function trailersOf(error: unknown, stream: string): readonly [status, Readonly<Record<string, string>>] {
  const named = encodeURIComponent(stream) === stream ? stream : Buffer.from(stream).toString('latin1').replace(/[^\x20-\x7e]/g, '?');
  if (error instanceof WrongExpectedRevision) {
    return [status.FAILED_PRECONDITION, {
      exception: 'wrong-expected-version', 'stream-name': named,
      'expected-version': typeof error.expected === 'bigint' ? error.expected.toString() : versionNumbers[error.expected],
      ...(error.actual === null ? {} : { 'actual-version': error.actual.toString() }),
    }];
  }
  if (error instanceof StreamDeleted) return [status.FAILED_PRECONDITION, { exception: 'stream-deleted', 'stream-name': named }];
  if (error instanceof AppendTooLarge) {
    return [status.INVALID_ARGUMENT, { exception: 'maximum-append-size-exceeded', 'maximum-append-size': limitOf(error).toString() }];
  }
  if (error instanceof NotAllowed) return [status.PERMISSION_DENIED, { exception: 'access-denied' }];
  if (error instanceof NotAuthenticated) return [status.UNAUTHENTICATED, {}];
  if (error instanceof TooManySignIns) return [status.RESOURCE_EXHAUSTED, {}];
  if (error instanceof Malformed) return [status.INVALID_ARGUMENT, {}];
  if (error instanceof TooLate) return [status.DEADLINE_EXCEEDED, {}];
  return [error instanceof StoreClosed ? status.UNAVAILABLE : status.UNKNOWN, {}];
}

/** AppendResp.WrongExpectedVersion, which is an answer and not an error. */
export function wrongExpectedVersion({ expected, actual }: WrongExpectedRevision): Reply {
  return {
    ...(actual === null ? { currentNoStream: {} } : { currentRevision: longOf(actual) }),
    ...(typeof expected === 'bigint' ? { expectedRevision: longOf(expected) } : { [expectedNames[expected]]: {} }),
  };
}

const expectedNames = { 'no-stream': 'expectedNoStream', any: 'expectedAny', 'stream-exists': 'expectedStreamExists' } as const;

export function batchError(error: unknown, streamIdentifier: Reply): Reply {
  const refused = (code: status, type: string, value: Reply): Reply => ({ code, message: messageOf(error), details: anyOf(type, value) });
  if (error instanceof WrongExpectedRevision) {
    const { expected, actual } = error;
    return refused(status.FAILED_PRECONDITION, 'WrongExpectedVersion', {
      ...(actual === null ? { currentNoStream: {} } : { currentStreamRevision: longOf(actual) }),
      ...expectedPosition(expected),
    });
  }
  if (error instanceof StreamDeleted) return refused(status.FAILED_PRECONDITION, 'StreamDeleted', { streamIdentifier });
  if (error instanceof AppendTooLarge) return refused(status.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', { maxAppendSize: limitOf(error) });
  if (error instanceof NotAllowed) return refused(status.PERMISSION_DENIED, 'AccessDenied', {});
  if (error instanceof Malformed) return refused(status.INVALID_ARGUMENT, 'BadRequest', { message: error.message });
  if (error instanceof TooLate) return refused(status.DEADLINE_EXCEEDED, 'Timeout', {});
  return refused(status.UNKNOWN, 'Unknown', {});
}

function expectedPosition(expected: ExpectedRevision): Reply {
  return typeof expected === 'bigint' ? { expectedStreamPosition: longOf(expected) } : { [expectedNames[expected]]: {} };
}

function limitOf({ detail }: AppendTooLarge): number {
  return typeof detail === 'object' && detail !== null && 'limitBytes' in detail ? Number(detail['limitBytes']) : 0;
}
