// Streams that nobody writes: `$ce-<category>` and `$et-<type>` are the events of a category or a type in the order of `$all`,
// shown as links. A stream's category is what stands before the first dash, as EventStoreDB's projection has it by default.
import type { EventStore, Filter, RecordedEvent } from '@oort/kernel-eventstore';

/** An event, and the link under which a stream that is derived or linked shows it. */
export interface Shown { readonly event: RecordedEvent; readonly link?: RecordedEvent }

export function derivedStream(stream: string): boolean {
  return stream.startsWith('$ce-') || stream.startsWith('$et-');
}

export function derivedFilter(stream: string): Filter {
  const name = stream.slice('$ce-'.length);
  return stream.startsWith('$ce-') ? { streamPrefixes: [`${name}-`] } : { types: [name] };
}

/** Cost: a link's revision is its number, so reading counts from the first; backwards it keeps what lies before `from`. */
export async function* derivedLinks(store: EventStore, stream: string, from: bigint | undefined, backwards: boolean): AsyncGenerator<Shown> {
  const kept: Shown[] = [];
  let next = 0n;
  for await (const event of store.readAll('start', { filter: derivedFilter(stream) })) {
    const shown = { event, link: linkTo(event, stream, next) };
    next += 1n;
    if (!backwards && shown.link.revision >= (from ?? 0n)) yield shown;
    if (backwards && shown.link.revision <= (from ?? shown.link.revision)) kept.push(shown);
  }
  yield* kept.reverse();
}

/** Whether the reader may read the stream that a link leads to. */
export type MayRead = (stream: string) => Promise<boolean>;

const anything: MayRead = () => Promise.resolve(true);

/** What the reader sees: of a link its target when he asked for it, it is there and he may read it, else the link itself. */
export async function resolved(store: EventStore, { event, link }: Shown, resolveLinks: boolean, mayRead = anything): Promise<Shown> {
  if (link !== undefined) return resolveLinks && await mayRead(event.stream) ? { event, link } : { event: link };
  if (!resolveLinks || event.type !== '$>') return { event };
  const target = await targetOfLink(store, event);
  return target === null || !await mayRead(target.stream) ? { event } : { event: target, link: event };
}

/** The event that a link names; null when it is gone. */
export async function targetOfLink(store: EventStore, { data }: RecordedEvent): Promise<RecordedEvent | null> {
  const text = typeof data === 'string' ? data
    : typeof data === 'object' && data !== null && '$base64' in data ? Buffer.from(String(data['$base64']), 'base64').toString() : '';
  const [, revision, stream] = /^(\d+)@(.+)$/s.exec(text) ?? [];
  if (revision === undefined || stream === undefined) return null;
  for await (const event of store.read(stream, { from: BigInt(revision), limit: 1 })) return event.revision === BigInt(revision) ? event : null;
  return null;
}

/** It says of its target where and when it is: what the target's metadata says is for those who may read the target. */
export function linkTo({ id, stream: targetStream, revision: targetRevision, position, metadata }: RecordedEvent, stream: string, revision: bigint): RecordedEvent {
  const target = Buffer.from(`${targetRevision}@${targetStream}`).toString('base64');
  return {
    id, stream, revision, position, type: '$>',
    data: { $contentType: 'application/octet-stream', $base64: target },
    metadata: { actor: 'platform', correlationId: id, causationId: id, occurredAt: metadata.occurredAt, schemaVersion: 1 },
  };
}
