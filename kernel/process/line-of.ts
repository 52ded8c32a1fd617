import { Fault } from '@oort/kernel-wire';

const diskFull = 'the disk is full';

/** What a person can act on is one line; what only a developer can, keeps its stack. */
export function lineOf(error: unknown): string {
  // PostgreSQL says it in its own words, in the middle of its log.
  if (error instanceof Fault && error.message.includes('No space left on device')) return diskFull;
  if (error instanceof Fault) return error.message.split('\n')[0] ?? error.code;
  if (!(error instanceof Error)) return String(error);
  const { code, port, path, syscall } = error as NodeJS.ErrnoException & { readonly port?: number };
  switch (code) {
    case 'EADDRINUSE': return `port ${port ?? ''} is taken: end what listens there, or set another port`;
    case 'EACCES':
    case 'EPERM': return `no permission for ${path ?? (port === undefined ? 'what it needs' : `port ${port}`)}`;
    case 'ENOSPC': return diskFull;
    case undefined:
    default: return syscall === undefined ? error.stack ?? error.message : error.message;
  }
}
