// `oort projections`: how the read models stand, and what a person may ask of them. It asks in PostgreSQL; the platform's workers
// do it, those that run now or the next that start.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  administer, openPostgres, runningPostgres, type Administration, type Parked, type PostgresServer, type ProjectionStatus,
} from '@oort/kernel-projection';
import { readOptions, UsageRefused } from './usage';

const usage = 'oort projections list|parked|rebuild NAME|replay NAME';

export async function projectionsCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, { data: { type: 'string', default: '.oort' }, json: { type: 'boolean', default: false } });
  const [verb = 'list', name] = positionals;
  const server = await visited(join(resolve(values.data), 'postgres'));
  try {
    const readModels = await administer(server.url);
    process.stdout.write(await answer(readModels, verb, name, values.json).finally(() => readModels.close()));
  } finally {
    await server.stop();
  }
}

/** The server that a platform uses at this moment is left running. */
async function visited(directory: string): Promise<PostgresServer> {
  if ((process.env['OORT_POSTGRES_URL'] ?? '') !== '') return openPostgres({ directory, environment: process.env });
  const url = runningPostgres(directory);
  if (url !== null) return { url, stop: () => Promise.resolve() };
  if (!existsSync(directory)) throw new UsageRefused(`there are no read models in ${directory}; --data names the platform's folder, OORT_POSTGRES_URL a PostgreSQL of one's own`);
  return openPostgres({ directory, environment: {} });
}

async function answer(readModels: Administration, verb: string, name: string | undefined, json: boolean): Promise<string> {
  switch (verb) {
    case 'list': return told(await readModels.status(), json, listed);
    case 'parked': return told((await readModels.parked()).filter(({ projection }) => name === undefined || projection === name), json, parkedLines);
    case 'rebuild': {
      const projection = nameOf(name, verb);
      const asked = await readModels.rebuild(projection);
      if (asked === null) throw new UsageRefused(`there is no projection ${projection}; \`oort projections list\` shows them`);
      return asked ? `${projection} is built anew beside the one that is read, and replaces it when it has caught up: by the platform that runs, or at its next start\n`
        : `${projection} is being built already\n`;
    }
    case 'replay': {
      const count = await readModels.replay(nameOf(name, verb));
      return count === 0 ? 'nothing is parked\n' : `${count} parked events are tried again, in the order of their streams\n`;
    }
    default: throw new UsageRefused(usage);
  }
}

function nameOf(name: string | undefined, verb: string): string {
  if (name === undefined) throw new UsageRefused(`oort projections ${verb} NAME`);
  return name;
}

function told<T>(rows: readonly T[], json: boolean, lines: (rows: readonly T[]) => readonly (readonly string[])[]): string {
  if (json) return `${JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`;
  const table = lines(rows);
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table.map((line) => `${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('');
}

function listed(statuses: readonly ProjectionStatus[]): readonly (readonly string[])[] {
  return [['NAME', 'VERSION', 'STATE', 'POSITION', 'BEHIND', 'SECONDS', 'PARKED', 'WORKER', 'FAILURE'], ...statuses.map((one) => [
    one.name, String(one.version), one.state, String(one.position), String(one.positionsBehind), one.secondsBehind.toFixed(0), String(one.parked),
    one.worked ? 'yes' : 'no', one.failure ?? '',
  ])];
}

function parkedLines(events: readonly Parked[]): readonly (readonly string[])[] {
  return [['PROJECTION', 'POSITION', 'TYPE', 'STREAM', 'EVENT', 'ATTEMPTS', 'REASON'], ...events.map((one) => [
    one.projection, one.position, one.type, one.stream, one.eventId, String(one.attempts), one.reason,
  ])];
}
