/** The last so many by name. */
export class Recent<T> {
  readonly #held = new Map<string, T>();

  constructor(private readonly most: number) {}

  get(name: string): T | undefined { return this.#held.get(name); }

  set(name: string, value: T): void {
    this.#held.delete(name);
    this.#held.set(name, value);
    const [eldest] = this.#held.keys();
    if (this.#held.size > this.most && eldest !== undefined) this.#held.delete(eldest);
  }
}
