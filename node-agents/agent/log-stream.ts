// What a job prints, on its way while it runs: a batch every half second, numbered, so that what is sent twice is kept once. A line
// that cannot be sent is not lost: the result names the whole log.
import type { PlatformClient } from './platform-client';

export interface LogStream {
  line(text: string): void;
  /** Resolves when all is sent, or cannot be. */
  close(): Promise<void>;
}

interface Claim { readonly jobId: string; readonly attempt: number; readonly fencingToken: number }

const everyMs = 500;
const mostLines = 500;
const longestLine = 4096;
const mutation = 'mutation Log($input: AppendLogInput!) { appendLog(input: $input) { __typename } }';

export function logStream({ jobId, attempt, fencingToken }: Claim, client: PlatformClient): LogStream {
  let waiting: string[] = [];
  let sent = 0;
  let sending: Promise<void> = Promise.resolve();
  const timer = setInterval(() => { sending = sending.then(send); }, everyMs);
  timer.unref();

  async function send(): Promise<void> {
    if (waiting.length === 0) return;
    const lines = waiting.slice(0, mostLines);
    const first = sent + 1;
    try {
      await client.graphql(mutation, { input: { jobId, attempt, fencingToken, first, lines } });
      waiting = waiting.slice(lines.length);
      sent += lines.length;
    } catch {
      // Offline, or the lease is another's: what waits is bounded, its oldest lines go.
      const over = Math.max(waiting.length - 10 * mostLines, 0);
      waiting = waiting.slice(over);
      sent += over;
    }
  }

  return {
    line(text) { waiting.push(text.slice(0, longestLine)); },
    async close() {
      clearInterval(timer);
      await sending;
      for (let before = Infinity; waiting.length > 0 && waiting.length < before;) {
        before = waiting.length;
        await send();
      }
    },
  };
}
