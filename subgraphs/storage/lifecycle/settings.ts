import { Fault } from '@oort/kernel-wire';

export class BadLifecycleDay extends Fault {
  constructor(text: string) {
    super('BAD_LIFECYCLE_DAY', `OORT_LIFECYCLE_DAY_SECONDS is a number of seconds above 0, not "${text}"`, { text });
  }
}

/** How long a day of lifecycle rules takes: suites that test rules set it to some seconds. Throws BadLifecycleDay. */
export function lifecycleFrom(environment: NodeJS.ProcessEnv): { readonly lifecycle?: { readonly dayMs: number } } {
  const text = environment['OORT_LIFECYCLE_DAY_SECONDS'] ?? '';
  if (text === '') return {};
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0) throw new BadLifecycleDay(text);
  return { lifecycle: { dayMs: seconds * 1000 } };
}
