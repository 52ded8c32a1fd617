/** Groups what is at hand: a batch ends at the limit or when the source has nothing ready, so nothing waits for company. */
export async function* batchesOf<T>(source: AsyncIterable<T>, limit: () => number): AsyncGenerator<readonly [T, ...T[]]> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ;) {
      const first = await next;
      if (first.done === true) return;
      const batch: [T, ...T[]] = [first.value];
      let ended = false;
      for (next = iterator.next(); batch.length < limit(); next = iterator.next()) {
        const ready = await Promise.race([next, turn()]);
        if (ready === undefined) break;
        ended = ready.done === true;
        if (ready.done === true) break;
        batch.push(ready.value);
      }
      next.catch(() => undefined);
      yield batch;
      if (ended) return;
    }
  } finally {
    // Not awaited: a source that waits for its next event answers only when its signal aborts.
    void iterator.return?.();
  }
}

/** One turn of the event loop, after every promise that is already settled has run. */
function turn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}
