import { endAll } from './processes';
import { createReport, type Report } from './report';

/** A story as a program: tells what it does on stdout, and ends with 0 where everything held. Nothing that it started outlives it. */
export function runStory(story: (report: Report) => Promise<boolean>): void {
  story(createReport((line) => { process.stdout.write(`${line}\n`); })).then(
    (held) => { process.exit(held ? 0 : 1); },
    async (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
      await endAll();
      process.exit(1);
    },
  );
}
