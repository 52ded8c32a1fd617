/** What is done a second, over `seconds`, by so many asynchronous loops; each call says how much it did. */
export async function rate(loops: number, work: (loop: number) => Promise<number>, seconds = 2): Promise<number> {
  const started = performance.now();
  const until = started + seconds * 1000;
  let done = 0;
  await Promise.all(Array.from({ length: loops }, async (_, loop) => {
    while (performance.now() < until) {
      // Not `done += await`: that would read the sum before the wait and lose what the other loops did meanwhile.
      const more = await work(loop);
      done += more;
    }
  }));
  return done / ((performance.now() - started) / 1000);
}

/** Events a second of one reading. */
export async function speed(read: () => Promise<number>): Promise<number> {
  const started = performance.now();
  return (await read() / (performance.now() - started)) * 1000;
}
