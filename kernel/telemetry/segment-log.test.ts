import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, readFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { SegmentLog, type LogRecord } from './segment-log';

const root = mkdtempSync(join(tmpdir(), 'oort-log-'));
afterAll(() => { rmSync(root, { recursive: true, force: true }); });
let count = 0;
const fresh = (): string => join(root, String(count += 1));
const open = (directory: string, segmentBytes = 200): SegmentLog => new SegmentLog({ directory, segmentBytes });

async function all(log: SegmentLog, from = 0): Promise<LogRecord[]> {
  const cursor = log.cursor(from);
  const records: LogRecord[] = [];
  try {
    for (let more = await cursor.read(); more.length > 0; more = await cursor.read()) records.push(...more);
    return records;
  } finally {
    await cursor.close();
  }
}

const text = (records: readonly LogRecord[]): string[] => records.map(({ number, bytes }) => `${number}:${bytes.toString()}`);

describe('the segment log', () => {
  it('gives back what was appended, in order and with its number, over segments and restarts', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant('restart' as const), fc.record({ removeBefore: fc.nat(30) })), { maxLength: 40 }),
      async (steps) => {
        const directory = fresh();
        const expected: Buffer[] = [];
        let log = open(directory);
        for (const step of steps) {
          if (step === 'restart') {
            await log.close();
            log = open(directory);
          } else if (step instanceof Uint8Array) {
            expect(await log.append(step)).toBe(expected.length);
            expected.push(Buffer.from(step));
          } else {
            log.removeBefore(step.removeBefore);
            expect(log.first).toBeLessThanOrEqual(Math.max(step.removeBefore, log.first));
          }
        }
        expect([log.next, (await all(log)).map(({ bytes }) => bytes.toString('hex'))]).toEqual([expected.length, expected.slice(log.first).map((bytes) => bytes.toString('hex'))]);
        await log.close();
      }), { numRuns: 30 });
  });

  it('numbers on after everything was removed', async () => {
    const directory = fresh();
    const log = open(directory);
    for (const value of ['a', 'b']) await log.append(Buffer.from(value));
    await log.startSegment();
    expect(log.removeBefore(2)).toBe(2);
    await log.close();
    const again = open(directory);
    expect(await again.append(Buffer.from('c'))).toBe(2);
    expect(text(await all(again))).toEqual(['2:c']);
    await again.close();
  });

  it('cuts off what a crash left, wherever it tore, and keeps the rest', async () => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const whole = fresh();
    const log = open(whole, 1e6);
    for (const value of ['first', 'second', '']) await log.append(Buffer.from(value));
    await log.close();
    const [name = ''] = readdirSync(whole);
    const { size } = statSync(join(whole, name));
    for (let length = 0; length <= size; length += 1) {
      const directory = fresh();
      await open(directory, 1e6).close();
      writeFileSync(join(directory, name), readFileSync(join(whole, name)));
      truncateSync(join(directory, name), length);
      // Zeros are what some file systems leave where the data did not arrive.
      if (length % 2 === 1) appendFileSync(join(directory, name), Buffer.alloc(20));
      const torn = open(directory, 1e6);
      const kept = length < 13 ? 0 : length < 27 ? 1 : length < 35 ? 2 : 3;
      expect(text(await all(torn))).toEqual(['0:first', '1:second', '2:'].slice(0, kept));
      expect(await torn.append(Buffer.from('next'))).toBe(kept);
      await torn.close();
    }
    write.mockRestore();
  });

  it('says so when what was acknowledged is damaged', async () => {
    const directory = fresh();
    const log = open(directory, 10);
    for (const value of ['first', 'second']) await log.append(Buffer.from(value));
    const [name = ''] = readdirSync(directory);
    writeFileSync(join(directory, name), Buffer.from('nothing of the sort'));
    await expect(all(log)).rejects.toMatchObject({ code: 'TELEMETRY_LOG_FAILED' });
    await log.close();
    await expect(log.append(Buffer.from('late'))).rejects.toMatchObject({ code: 'TELEMETRY_LOG_FAILED' });
  });

  it('a place in the middle of appends and new segments loses nothing', async () => {
    const log = open(fresh(), 100);
    const appended = Promise.all(Array.from({ length: 300 }, (_, n) => log.append(Buffer.from(`value ${n}`))));
    await log.startSegment();
    await Promise.all([appended, log.startSegment(), log.startSegment()]);
    expect(text(await all(log, 290))).toEqual(Array.from({ length: 10 }, (_, n) => `${n + 290}:value ${n + 290}`));
    await log.close();
  });
});
