import { logTo } from './log';

const now = (): Date => new Date('2026-01-01T00:00:00.000Z');

test.each([
  ['json', '{"at":"2026-01-01T00:00:00.000Z","level":"warn","event":"peer.banned","peer":"ab","why":"two \\"words\\"","points":100}\n'],
  ['text', '2026-01-01T00:00:00.000Z WARN  peer.banned peer=ab why="two \\"words\\"" points=100\n'],
] as const)('%s: one line an event, with what belongs to it', (format, line) => {
  const lines: string[] = [];
  const log = logTo((each) => { lines.push(each); }, { format, level: 'info', now });
  log('warn', 'peer.banned', { peer: 'ab', why: 'two "words"', points: 100 });
  log('debug', 'mci.executed');
  expect(lines).toEqual([line]);
});
