// How much a bucket may hold: all its versions and the parts of its open uploads. Bytes are reserved before they are kept, so that
// writers at the same time do not get past it together; what is asked of a bucket without a quota costs nothing.
import { Fault } from '@oort/kernel-wire';
import type { PresentBucket } from './object-store';

/** The setting `quota` of a bucket. */
export interface BucketQuota { readonly bytes: number }

export class QuotaExceeded extends Fault {
  constructor(readonly bucket: string, readonly quotaBytes: number) {
    super('QUOTA_EXCEEDED', 'Your request was denied due to quota exceeded.', { bucket, quotaBytes });
  }
}

export function bucketQuota({ settings }: Pick<PresentBucket, 'settings'>): BucketQuota | null {
  if (settings.quota === undefined) return null;
  const quota: BucketQuota = JSON.parse(settings.quota);
  return quota;
}

/** What one write may take. */
export interface Reservation {
  /** Reserves up to this many bytes in all. Throws QuotaExceeded. */
  raiseTo(bytes: number): Promise<void>;
  /** Once, at the end: what was kept counts on, else it is given back. */
  end(kept: boolean): void;
}

/** What the catalogue showed, and what was kept since it was asked. */
interface View { readonly sum: Promise<number>; kept: number }
interface Book { view: View; reserved: number }

export class QuotaBooks {
  readonly #usedBytes: (bucket: string) => Promise<number>;
  readonly #books = new Map<string, Book>();

  constructor(usedBytes: (bucket: string) => Promise<number>) { this.#usedBytes = usedBytes; }

  reserve(bucket: string, { bytes: quotaBytes }: BucketQuota): Reservation {
    const book = this.#books.get(bucket) ?? { view: this.#look(bucket), reserved: 0 };
    this.#books.set(bucket, book);
    let mine = 0;
    return {
      raiseTo: async (bytes) => {
        if (bytes <= mine) return;
        book.reserved += bytes - mine;
        mine = bytes;
        // Deletions, and what other processes keep, are seen by looking again, which is done before anybody is refused.
        if (await fits(book, quotaBytes).catch(() => false)) return;
        book.view = this.#look(bucket);
        if (!await fits(book, quotaBytes)) throw new QuotaExceeded(bucket, quotaBytes);
      },
      end: (kept) => {
        book.reserved -= mine;
        if (kept) book.view.kept += mine;
        mine = 0;
      },
    };
  }

  #look(bucket: string): View {
    const sum = this.#usedBytes(bucket);
    // Whoever needs it is told.
    sum.catch(() => undefined);
    return { sum, kept: 0 };
  }
}

async function fits(book: Book, quotaBytes: number): Promise<boolean> {
  for (;;) {
    const { view } = book;
    const sum = await view.sum;
    if (view === book.view) return sum + view.kept + book.reserved <= quotaBytes;
  }
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
