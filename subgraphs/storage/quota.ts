// How much a bucket may hold, and an account in all its buckets: all versions and the parts of open uploads. What a write takes is
// reserved before it is kept, so that writers of one door do not get past a quota together. Another door's writers are seen by looking at
// the catalogue again, a second later: within that time several doors could pass it by what the others have kept and have under way.
// What is asked where there is no quota costs nothing.
import { Fault } from '@oort/kernel-wire';
import type { PresentBucket } from './object-store';

/** The setting `quota` of a bucket; both or one of them. Objects are versions; delete markers are not counted. */
export interface Quota { readonly bytes?: number; readonly objects?: number }

export interface Usage { readonly bytes: number; readonly versions: number }

/** What a quota is of. */
export type QuotaScope = { readonly bucket: string } | { readonly accountId: string };

export class QuotaExceeded extends Fault {
  constructor(readonly scope: QuotaScope, readonly quota: Quota) {
    super('QUOTA_EXCEEDED', 'Your request was denied due to quota exceeded.', { ...scope, ...quota });
  }
}

export function bucketQuota({ settings }: Pick<PresentBucket, 'settings'>): Quota | null {
  if (settings.quota === undefined) return null;
  const quota: Quota = JSON.parse(settings.quota);
  return quota;
}

/** What one write may take. */
export interface Reservation {
  /** Reserves up to this many bytes in all, and the write's objects. Throws QuotaExceeded. */
  raiseTo(bytes: number): Promise<void>;
  /** Once, at the end: what was kept counts on, else it is given back. */
  end(kept: boolean): void;
}

export interface Limited { readonly scope: QuotaScope; readonly quota: Quota; usage(): Promise<Usage> }

interface Amount { bytes: number; objects: number }
/** What the catalogue showed, and what was kept since it was asked. */
interface View { readonly sum: Promise<Usage>; readonly kept: Amount; goodUntil: number }
interface Book { readonly usage: Limited['usage']; view: View; readonly reserved: Amount; writers: number }

const freshMs = 1000;
/** Of a door's time, so much at most goes into counting one bucket. */
const countingShare = 0.1;

export class QuotaBooks {
  readonly #books = new Map<string, Book>();

  /** Within all of these, or not at all. */
  reserve(limits: readonly Limited[], objects: number): Reservation {
    const held = limits.map((limited) => ({ limited, book: this.#enter(limited) }));
    const mine: Amount = { bytes: 0, objects: 0 };
    return {
      raiseTo: async (bytes) => {
        const more = { bytes: Math.max(0, bytes - mine.bytes), objects: objects - mine.objects };
        if (more.bytes === 0 && more.objects === 0 && mine.bytes > 0) return;
        for (const { book } of held) add(book.reserved, more, 1);
        add(mine, more, 1);
        for (const { limited, book } of held) await settle(book, limited);
      },
      end: (kept) => {
        for (const { limited, book } of held) {
          add(book.reserved, mine, -1);
          if (kept) add(book.view.kept, mine, 1);
          this.#leave(limited, book);
        }
        add(mine, { ...mine }, -1);
      },
    };
  }

  #enter({ scope, usage }: Limited): Book {
    const name = JSON.stringify(scope);
    const book = this.#books.get(name) ?? { usage, view: look(usage), reserved: { bytes: 0, objects: 0 }, writers: 0 };
    this.#books.set(name, book);
    book.writers += 1;
    return book;
  }

  /** A book that nobody writes in and whose view is old tells nothing. */
  #leave({ scope }: Limited, book: Book): void {
    book.writers -= 1;
    if (book.writers === 0 && performance.now() > book.view.goodUntil) this.#books.delete(JSON.stringify(scope));
  }
}

/** Deletions, and what other processes keep, are seen by looking again, which is done once a view is old and before anybody is refused. */
async function settle(book: Book, { scope, quota, usage }: Limited): Promise<void> {
  if (performance.now() > book.view.goodUntil) book.view = look(usage);
  if (await fits(book, quota).catch(() => false)) return;
  book.view = look(usage);
  if (!await fits(book, quota)) throw new QuotaExceeded(scope, quota);
}

function look(usage: Limited['usage']): View {
  const startedAt = performance.now();
  const sum = usage();
  const view: View = { sum, kept: { bytes: 0, objects: 0 }, goodUntil: Infinity };
  const aged = (): void => {
    const endedAt = performance.now();
    view.goodUntil = endedAt + Math.max(freshMs, (endedAt - startedAt) / countingShare);
  };
  // Whoever needs it is told of a failure.
  sum.then(aged, () => { view.goodUntil = 0; });
  return view;
}

async function fits(book: Book, { bytes = Infinity, objects = Infinity }: Quota): Promise<boolean> {
  for (;;) {
    const { view, reserved } = book;
    const sum = await view.sum;
    if (view === book.view) return sum.bytes + view.kept.bytes + reserved.bytes <= bytes && sum.versions + view.kept.objects + reserved.objects <= objects;
  }
}

function add(to: Amount, amount: Amount, sign: 1 | -1): void {
  to.bytes += sign * amount.bytes;
  to.objects += sign * amount.objects;
}

/** The body, as far as the quota allows. */
export async function* within(body: AsyncIterable<Uint8Array>, reservation: Reservation): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    await reservation.raiseTo(bytes);
    yield chunk;
  }
}
