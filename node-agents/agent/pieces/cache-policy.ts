// What a bounded cache keeps: S3-FIFO. What is new stands in a short queue, and only what is asked for again there comes into the long one;
// so one reader that passes through everything once throws nothing out that others read again and again. What left the short queue is
// remembered by name for a while: it comes back into the long one.
// Source: Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.

interface Entry { readonly bytes: number; uses: number }

const shortShare = 0.1;
const mostUses = 3;

export class CachePolicy {
  readonly #short = new Map<string, Entry>();
  readonly #long = new Map<string, Entry>();
  readonly #ghosts = new Set<string>();
  #shortBytes = 0;
  #longBytes = 0;

  constructor(private readonly maximumBytes: number) {}

  get bytes(): number { return this.#shortBytes + this.#longBytes; }

  get size(): number { return this.#short.size + this.#long.size; }

  has(id: string): boolean { return this.#short.has(id) || this.#long.has(id); }

  used(id: string): void {
    const entry = this.#short.get(id) ?? this.#long.get(id);
    if (entry !== undefined) entry.uses = Math.min(mostUses, entry.uses + 1);
  }

  /** Those that must go for it. Of what is larger than all, it is itself. */
  add(id: string, bytes: number): readonly string[] {
    if (bytes > this.maximumBytes) return [id];
    this.remove(id);
    const gone: string[] = [];
    while (this.bytes + bytes > this.maximumBytes) gone.push(...this.#evict());
    if (this.#ghosts.delete(id)) this.#toLong(id, { bytes, uses: 0 });
    else {
      this.#short.set(id, { bytes, uses: 0 });
      this.#shortBytes += bytes;
    }
    return gone;
  }

  remove(id: string): void {
    this.#shortBytes -= this.#short.get(id)?.bytes ?? 0;
    this.#longBytes -= this.#long.get(id)?.bytes ?? 0;
    this.#short.delete(id);
    this.#long.delete(id);
  }

  #toLong(id: string, entry: Entry): void {
    this.#long.set(id, entry);
    this.#longBytes += entry.bytes;
  }

  /** None when the eldest only changed its place. */
  #evict(): readonly string[] {
    const fromShort = this.#shortBytes > shortShare * this.maximumBytes || this.#long.size === 0;
    const [eldest] = fromShort ? this.#short : this.#long;
    if (eldest === undefined) return [];
    const [id, { bytes, uses }] = eldest;
    this.remove(id);
    if (fromShort && uses <= 1) {
      this.#remember(id);
      return [id];
    }
    if (!fromShort && uses === 0) return [id];
    this.#toLong(id, { bytes, uses: fromShort ? 0 : uses - 1 });
    return [];
  }

  #remember(id: string): void {
    this.#ghosts.add(id);
    const [eldest] = this.#ghosts;
    if (this.#ghosts.size > Math.max(this.#long.size, 16) && eldest !== undefined) this.#ghosts.delete(eldest);
  }
}
