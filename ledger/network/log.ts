import type { Json } from '@oort/kernel-wire';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = typeof logLevels[number];

export type LogFields = Readonly<Record<string, Json>>;

/** One thing that has happened: its name, `part.happened`, is for programs; what belongs to it stands in fields. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

export type LogFormat = 'json' | 'text';

/** One line an event: JSON for who collects logs, text for who reads them. Nothing below the level is written. */
export function logTo(write: (line: string) => void, { format, level, now = () => new Date() }: { readonly format: LogFormat; readonly level: LogLevel; readonly now?: () => Date }): Log {
  const lowest = logLevels.indexOf(level);
  return (said, event, fields = {}) => {
    if (logLevels.indexOf(said) < lowest) return;
    const at = now().toISOString();
    if (format === 'json') return void write(`${JSON.stringify({ at, level: said, event, ...fields })}\n`);
    const told = Object.entries(fields).map(([name, value]) => ` ${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`);
    write(`${at} ${said.toUpperCase().padEnd(5)} ${event}${told.join('')}\n`);
  };
}
