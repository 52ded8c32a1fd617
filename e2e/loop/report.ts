// What a person sees: each step, what it made, what was checked, and one table at the end.
export interface Report {
  begin(number: number, title: string): void;
  end(): void;
  /** A step that threw: its check fails and the loop goes on to the table. */
  broke(error: unknown): void;
  made(label: string, value: string | number | bigint): void;
  check(what: string, holds: boolean, detail?: string): void;
  progress(text: string): void;
  /** Prints the table; true when everything held. */
  summary(): boolean;
}

interface Row { readonly number: number; readonly title: string; readonly startedAt: number; seconds: number; passed: number; failed: number }

export function createReport(print: (line: string) => void, now: () => number = Date.now): Report {
  const rows: Row[] = [];
  const failures: string[] = [];
  const started = now();
  const current = (): Row | undefined => rows.at(-1);

  function check(what: string, holds: boolean, detail?: string): void {
    const row = current();
    if (row !== undefined) row[holds ? 'passed' : 'failed'] += 1;
    const line = `${what}${detail === undefined ? '' : ` (${detail})`}`;
    if (!holds) failures.push(`${row?.number ?? 0}. ${line}`);
    print(`  ${holds ? 'ok    ' : 'FAILED'} ${line}`);
  }

  return {
    begin(number, title) {
      rows.push({ number, title, startedAt: now(), seconds: 0, passed: 0, failed: 0 });
      print(`\n${number}. ${title}`);
    },
    end() {
      const row = current();
      if (row === undefined) return;
      row.seconds = (now() - row.startedAt) / 1000;
      print(`  took   ${row.seconds.toFixed(1)} s`);
    },
    broke(error) { check(error instanceof Error ? error.message : String(error), false); },
    made(label, value) { print(`  made   ${label}: ${String(value)}`); },
    check,
    progress(text) { print(`  ...    ${text}`); },
    summary() {
      const width = Math.max(4, ...rows.map(({ title }) => title.length));
      print(`\n${'step'.padEnd(width + 4)} seconds  passed  failed`);
      for (const { number, title, seconds, passed, failed } of rows) {
        print(`${String(number).padStart(2)}. ${title.padEnd(width)} ${seconds.toFixed(1).padStart(7)} ${String(passed).padStart(7)} ${String(failed).padStart(7)}`);
      }
      for (const failure of failures) print(`failed: ${failure}`);
      const passed = rows.reduce((sum, row) => sum + row.passed, 0);
      print(`total ${((now() - started) / 1000).toFixed(1)} s\n\n${passed} passed, ${failures.length} failed`);
      return failures.length === 0 && rows.length > 0;
    },
  };
}
