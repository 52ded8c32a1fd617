import { createLogBook, type LogLine } from './log-book';

const running = (): Promise<boolean> => Promise.resolve(false);

async function all(lines: AsyncIterable<LogLine>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { number, text } of lines) texts.push(`${number} ${text}`);
  return texts;
}

describe('the log of a job', () => {
  it('is followed from its start or from a line on, until the job ends', async () => {
    const book = createLogBook();
    book.append('job_1', 1, 1, ['a', 'b']);
    const [whole, part] = [all(book.follow('job_1', 0, running)), all(book.follow('job_1', 1, running))];
    book.append('job_1', 1, 3, ['c']);
    book.append('job_2', 1, 1, ['another job']);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    book.end('job_1');
    expect(await whole).toEqual(['1 a', '2 b', '3 c']);
    expect(await part).toEqual(['2 b', '3 c']);
  });

  it('keeps once what is sent twice, and starts anew with a new attempt', () => {
    const book = createLogBook();
    book.append('job_1', 1, 1, ['a', 'b']);
    book.append('job_1', 1, 2, ['b', 'c']);
    expect(book.after('job_1', 0).map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    book.append('job_1', 2, 1, ['again']);
    expect(book.after('job_1', 0)).toEqual([{ number: 1, text: 'again' }]);
  });

  it('forgets the oldest lines of one that talks too much', () => {
    const book = createLogBook();
    const line = 'x'.repeat(5000);
    for (let number = 1; number <= 400; number += 1) book.append('job_1', 1, number, [line]);
    const kept = book.after('job_1', 0);
    expect(kept.at(-1)?.number).toBe(400);
    expect(kept.length).toBe(256);
    expect(kept[0]?.text).toHaveLength(4096);
  });

  it('of a job that is over already ends at once', async () => {
    expect(await all(createLogBook().follow('job_1', 0, () => Promise.resolve(true)))).toEqual([]);
  });
});
