/** The newest so many, by key. */
export class Recent<T> {
  readonly #kept = new Map<string, T>();

  constructor(private readonly most: number) {}

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  get(key: string): T | undefined {
    return this.#kept.get(key);
  }

  set(key: string, value: T): void {
    this.#kept.delete(key);
    this.#kept.set(key, value);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.most && oldest !== undefined) this.#kept.delete(oldest);
  }
}
