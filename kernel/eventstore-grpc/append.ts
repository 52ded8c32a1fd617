// Append, BatchAppend, Delete and Tombstone.
import { AppendTooLarge, tombstoneType, WrongExpectedRevision, type Appended, type EventStore, type ExpectedRevision } from '@oort/kernel-eventstore';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { bigintOf, longOf } from './protocol';
import type { Access } from './access';
import { batchError, Malformed, NotAllowed, serviceError, TooLate, wrongExpectedVersion } from './refusals';
import { expectedInStore, lastRevision, softDelete, systemEvent } from './stream-metadata';
import { NotAuthenticated, TooManySignIns } from './users';
import { eventToAppend, uuidOf } from './wire-record';
import type { AppendOptions, AppendReq, BatchAppendOptions, BatchAppendReq, DeleteReq, Long, Proposed, Reply, StreamIdentifier } from './messages';

const expectedNames = { noStream: 'no-stream', any: 'any', streamExists: 'stream-exists' } as const;
/** Before this much the store itself says how much it takes; what is beyond need not be kept until then. */
const mostBytes = 16 * 1024 * 1024;

export function append(store: EventStore, access: Access) {
  return (call: ServerReadableStream<unknown, Reply>, answer: sendUnaryData<Reply>): void => {
    const proposed: Proposed[] = [];
    let options: AppendOptions | undefined;
    let bytes = 0;
    call.on('data', (message: AppendReq) => {
      options ??= message.options;
      bytes += message.proposedMessage?.data.length ?? 0;
      if (message.proposedMessage !== undefined && message.proposedMessage !== null && bytes <= mostBytes) proposed.push(message.proposedMessage);
    });
    call.on('end', () => {
      const stream = streamOf(options?.streamIdentifier);
      access.requireAccess(call, stream, 'write').then(() => appendTo(store, stream, expectedOf(options), proposed, bytes))
        .then((appended) => answer(null, { success: successOf(appended) }), (error: unknown) => {
          if (error instanceof WrongExpectedRevision) answer(null, { wrongExpectedVersion: wrongExpectedVersion(error) });
          else answer(serviceError(error, stream));
        });
    });
  };
}

/** Unfinished ones of a call. */
const mostBatches = 64;

interface Batch { readonly options: BatchAppendOptions; readonly proposed: Proposed[]; bytes: number }

/** Batches of one call may come in pieces and mixed; each is answered by its correlation id as soon as it is durable. */
export function batchAppend(store: EventStore, access: Access) {
  return (call: ServerDuplexStream<unknown, Reply>): void => {
    const inTurn = turns();
    const batches = new Map<string, Batch>();
    let running = 0;
    let ended = false;
    const endWhenDone = (): void => { if (ended && running === 0) call.end(); };
    call.on('data', (message: BatchAppendReq) => {
      const id = correlationOf(message);
      if (id === null || (batches.size === mostBatches && !batches.has(id))) {
        call.emit('error', serviceError(new Malformed(id === null ? 'a batch has no correlation id' : `${mostBatches} batches are unfinished`), ''));
        return;
      }
      const batch = batches.get(id) ?? { options: message.options ?? { streamPosition: longOf(0n) }, proposed: [], bytes: 0 };
      batches.set(id, batch);
      for (const one of message.proposedMessages) {
        batch.bytes += one.data.length;
        if (batch.bytes <= mostBytes) batch.proposed.push(one);
      }
      if (!message.isFinal) return;
      batches.delete(id);
      running += 1;
      const allowed = access.guarded ? inTurn(access.requireAccess(call, streamOf(batch.options.streamIdentifier), 'write')) : null;
      void answerTo(store, batch, allowed).then((reply) => {
        running -= 1;
        if (!call.cancelled) call.write({ correlationId: message.correlationId, ...reply });
        endWhenDone();
      }, (error: unknown) => { call.emit('error', serviceError(error, '')); });
    });
    call.on('end', () => {
      ended = true;
      endWhenDone();
    });
    call.on('error', () => batches.clear());
  };
}

/** Writes of one call keep their order, however long it takes to see whether each is allowed. */
function turns(): (allowed: Promise<void>) => Promise<void> {
  let last = Promise.resolve();
  return (allowed) => {
    const before = last;
    last = allowed.then(() => before, () => before);
    return Promise.all([allowed, before]).then(() => undefined);
  };
}

function correlationOf({ correlationId }: BatchAppendReq): string | null {
  try {
    return uuidOf(correlationId);
  } catch {
    return null;
  }
}

/** Throws NotAuthenticated and TooManySignIns, which are about the call and not about one of its batches. */
async function answerTo(store: EventStore, { options, proposed, bytes }: Batch, allowed: Promise<void> | null): Promise<Reply> {
  const streamIdentifier = { streamName: options.streamIdentifier?.streamName ?? Buffer.alloc(0) };
  try {
    if (allowed !== null) await allowed;
    if (deadlinePassed(options)) throw new TooLate();
    const appended = await appendTo(store, streamOf(options.streamIdentifier), batchExpected(options), proposed, bytes);
    return { success: successOf(appended), streamIdentifier, ...echoed(options) };
  } catch (error) {
    if (error instanceof NotAuthenticated || error instanceof TooManySignIns) throw error;
    return { error: batchError(error, streamIdentifier), streamIdentifier, ...echoed(options) };
  }
}

async function appendTo(
  store: EventStore, stream: string, expected: ExpectedRevision, proposed: readonly Proposed[], bytes: number,
): Promise<Appended> {
  mustBeWritable(stream);
  if (bytes > mostBytes) throw new AppendTooLarge(bytes, mostBytes);
  const now = new Date();
  const events = proposed.map((one) => eventToAppend(one, now));
  // Nothing is awaited before the append of a usual write, so writes of one call keep their order.
  if (expected !== 'no-stream') return store.append(stream, expected, events);
  try {
    return await store.append(stream, expected, events);
  } catch (error) {
    const instead = error instanceof WrongExpectedRevision ? await expectedInStore(store, stream, expected) : expected;
    if (instead === expected) throw error;
    return store.append(stream, instead, events);
  }
}

export function softDeletion(store: EventStore, access: Access) {
  return removal(access, async (stream, expected) => {
    const actual = await lastRevision(store, stream);
    const matches = expected === 'any' || (expected === 'no-stream' ? actual === null : expected === 'stream-exists' ? actual !== null : actual === expected);
    if (!matches) throw new WrongExpectedRevision(stream, expected, actual);
    return softDelete(store, stream, new Date());
  });
}

export function tombstone(store: EventStore, access: Access) {
  return removal(access, (stream, expected) => store.append(stream, expected, [systemEvent(tombstoneType, null, new Date())]));
}

function removal(access: Access, remove: (stream: string, expected: ExpectedRevision) => Promise<Appended | null>) {
  return (call: ServerUnaryCall<unknown, Reply>, answer: sendUnaryData<Reply>): void => {
    const { options } = call.request as DeleteReq;
    const stream = streamOf(options?.streamIdentifier);
    const run = async (): Promise<Appended | null> => {
      await access.requireAccess(call, stream, 'delete');
      mustBeWritable(stream);
      return remove(stream, expectedOf(options));
    };
    run().then(
      (appended) => answer(null, appended === null ? { noPosition: {} } : { position: positionOf(appended.position) }),
      (error: unknown) => answer(serviceError(error, stream)),
    );
  };
}

/** Streams that the server derives from others have one writer. */
function mustBeWritable(stream: string): void {
  if (stream === '') throw new Malformed('no stream is named');
  if (stream === '$all' || stream.startsWith('$ce-') || stream.startsWith('$et-')) throw new NotAllowed(`${stream} is written by the server`);
}

export function streamOf(identifier: StreamIdentifier | null | undefined): string {
  return identifier === undefined || identifier === null ? '' : Buffer.from(identifier.streamName).toString();
}

function expectedOf(options: AppendOptions | undefined): ExpectedRevision {
  return expectation(options?.expectedStreamRevision === 'revision' ? options.revision : options?.expectedStreamRevision);
}

function batchExpected(options: BatchAppendOptions): ExpectedRevision {
  return expectation(options.expectedStreamPosition === 'streamPosition' ? options.streamPosition : options.expectedStreamPosition);
}

/** A name, or the revision itself. */
function expectation(option: Long | keyof typeof expectedNames | 'revision' | 'streamPosition' | undefined): ExpectedRevision {
  switch (option) {
    case undefined: case 'revision': case 'streamPosition': return 'any';
    case 'noStream': case 'any': case 'streamExists': return expectedNames[option];
    default: return bigintOf(option);
  }
}

function echoed({ expectedStreamPosition, streamPosition }: BatchAppendOptions): Reply {
  if (expectedStreamPosition === undefined) return {};
  return { [expectedStreamPosition]: expectedStreamPosition === 'streamPosition' ? streamPosition : {} };
}

function deadlinePassed({ deadlineAt }: BatchAppendOptions): boolean {
  return deadlineAt !== undefined && deadlineAt !== null && Number(deadlineAt.seconds.toString()) * 1000 + deadlineAt.nanos / 1e6 < Date.now();
}

function successOf({ revision, position }: Appended): Reply {
  return { ...(revision < 0n ? { noStream: {} } : { currentRevision: longOf(revision) }), position: positionOf(position) };
}

export function positionOf(position: bigint): Reply {
  return { commitPosition: longOf(position), preparePosition: longOf(position) };
}
