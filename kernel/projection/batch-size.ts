/** As many events as a transaction of about a quarter of a second takes: more gain little, and a crash repeats them all. */
export class BatchSize {
  private size = 64;

  constructor(private readonly most = 5_000) {}

  get limit(): number {
    return Math.min(this.size, this.most);
  }

  /** Only full batches say something about the size. */
  took(events: number, ms: number): void {
    if (ms > 500) this.size = Math.max(1, Math.floor(events / 2));
    else if (events >= this.size && ms < 250) this.size = Math.min(this.most, this.size * 2);
  }
}
