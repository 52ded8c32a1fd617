// What the embedded bus needs of a log, and one without a disk.
import type { LogRecord, SegmentLog } from './segment-log';

export type TopicLog = Pick<SegmentLog, 'next' | 'segments' | 'append' | 'arrival' | 'removeBefore' | 'close'> & {
  cursor(from: number): { read(): Promise<readonly LogRecord[]>; close(): Promise<void> };
};

export function memoryTopicLog(): TopicLog {
  const records: Buffer[] = [];
  const watchers = new Set<() => void>();
  return {
    get next() { return records.length; },
    segments: [],
    append(bytes) {
      records.push(Buffer.from(bytes));
      for (const watcher of [...watchers]) watcher();
      return Promise.resolve(records.length - 1);
    },
    cursor(from) {
      let number = from;
      return {
        read() {
          const read = records.slice(number).map((bytes, index) => ({ number: number + index, bytes }));
          number += read.length;
          return Promise.resolve(read);
        },
        close: () => Promise.resolve(),
      };
    },
    async arrival(number, signal) {
      while (records.length <= number && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            watchers.delete(done);
            signal.removeEventListener('abort', done);
            resolve();
          };
          watchers.add(done);
          signal.addEventListener('abort', done);
        });
      }
    },
    removeBefore: () => 0,
    close: () => Promise.resolve(),
  };
}
