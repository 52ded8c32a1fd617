// Memory that was used and is used again: the kernel clears every page that is new to a process, which costs a large read as much as opening it.

const mostBytes = 8 * 1024 * 1024;
/** Below it the engine's own pool is as good. */
const leastBytes = 16 * 1024;

export class SpareMemory {
  readonly #spare: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBuffer>();
  #bytes = 0;

  /** Of any content. */
  take(bytes: number): Buffer {
    if (bytes < leastBytes) return Buffer.allocUnsafe(bytes);
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    const memory = this.#spare.splice(at, at === -1 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(bytes).buffer;
    if (at !== -1) this.#bytes -= memory.byteLength;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  /** What was taken here, or a view of it, whole; anything else is left alone. Nobody may look at it afterwards. */
  give({ buffer }: Buffer): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#lent.delete(buffer)) return;
    this.#spare.push(buffer);
    this.#bytes += buffer.byteLength;
    while (this.#bytes > mostBytes) this.#bytes -= this.#spare.shift()?.byteLength ?? 0;
  }
}
