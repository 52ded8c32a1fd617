// Buffers are a few words to the engine and their bytes lie outside of it. It looks for dead young objects once there are enough of them,
// whatever they hold, and for dead bytes outside after some sixty megabytes. Of a few readers and writers that is what they are served
// fastest with; of hundreds of slow ones it would be most of what the process holds, so then it is made to look sooner.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const everyBytes = 16 * 1024 * 1024;
/** A look costs some ten milliseconds every 16 MiB: with fewer, memory is bounded by how few they are. */
const manyClients = 48;

type Collect = (options: { readonly type: 'minor' }) => void;

let collect: Collect | null = null;
let clients = 0;
let passedBytes = 0;

/** Somebody begins to read or write an object. To be called once, when he ends. */
export function clientBegins(): () => void {
  clients += 1;
  return () => { clients -= 1; };
}

/** So many bytes are not looked at any more, or soon will not be. */
export function passed(bytes: number): void {
  passedBytes += bytes;
  if (clients < manyClients || passedBytes < everyBytes) return;
  passedBytes = 0;
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
  }
  collect({ type: 'minor' });
}
