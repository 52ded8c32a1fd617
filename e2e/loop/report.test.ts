import { createReport } from './report';

function printed(act: (report: ReturnType<typeof createReport>) => void): { readonly lines: readonly string[]; readonly held: boolean } {
  const lines: string[] = [];
  const report = createReport((line) => { lines.push(line); }, () => 0);
  act(report);
  return { held: report.summary(), lines };
}

describe('the report', () => {
  it('holds when every check did', () => {
    const { held, lines } = printed((report) => { report.begin(1, 'Boot'); report.check('it runs', true); report.end(); });
    expect(held).toBe(true);
    expect(lines.at(-1)).toContain('1 passed, 0 failed');
  });

  it('does not hold when a check failed, a step broke, or nothing ran', () => {
    expect(printed((report) => { report.begin(1, 'Boot'); report.check('it runs', false, 'no'); }).lines).toContain('failed: 1. it runs (no)');
    expect(printed((report) => { report.begin(1, 'Boot'); report.broke(new TypeError('x')); }).held).toBe(false);
    expect(printed(() => undefined).held).toBe(false);
  });
});
