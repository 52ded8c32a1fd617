/** The newest so many, by key, and up to as many more. Two generations, because a Map from whose front entries are removed one by one
 *  walks over all that are gone to find the next. */
export class Recent<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  constructor(private readonly least: number) {}

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  get(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: T): void {
    this.#young.set(key, value);
    if (this.#young.size < this.least) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
