// `oort storage durability`: what could be lost within a year as everything lies now, and what would make it less.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DataSource } from 'typeorm';
import { openPostgres, runningPostgres, type PostgresServer } from '@oort/kernel-projection';
import { liveNodes, NodeEntity } from '@oort/projections-nodes';
import { packingReport, placementGroups, type PackingReport } from '@oort/projections-objects';
import { durabilityReport, looseBytes, type DurabilityReport } from '@oort/subgraphs-storage';
import { readOptions, UsageRefused } from './usage';

export async function storageDurability(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, {
    data: { type: 'string', default: '.oort' }, json: { type: 'boolean', default: false }, 'failures-a-year': { type: 'string', default: '0.05' },
    'operator-losses-a-year': { type: 'string', default: '0.01' }, 'repair-hours': { type: 'string', default: '24' },
  });
  const assumptions = {
    failuresPerYear: amount(values['failures-a-year'], '--failures-a-year'),
    operatorLossesPerYear: amount(values['operator-losses-a-year'], '--operator-losses-a-year'),
    repairHours: amount(values['repair-hours'], '--repair-hours'),
  };
  const server = await visited(join(resolve(values.data), 'postgres'));
  const database = new DataSource({ type: 'postgres', url: server.url, installExtensions: false, poolSize: 1, entities: [NodeEntity] });
  try {
    await database.initialize();
    const nodes = await liveNodes({ database }, { online: 'either', statuses: ['active', 'suspended', 'draining'] });
    const report = durabilityReport(await placementGroups({ database }), nodes, assumptions);
    const packing = await packingReport({ database }, looseBytes);
    process.stdout.write(values.json ? `${JSON.stringify({ ...report, packing })}\n` : linesOf(report) + packingLines(packing));
  } finally {
    if (database.isInitialized) await database.destroy();
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

function amount(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new UsageRefused(`${option} is a number from 0 on`);
  return value;
}

function linesOf({ assumptions, codes, annualLoss, improvements }: DurabilityReport): string {
  const { failuresPerYear, operatorLossesPerYear, repairHours } = assumptions;
  const table = codes.map(({ k, n, segments, bytes, incomplete, oneOperatorLoses, annualLoss: loss }) =>
    `${k} of ${n}: ${segments} segments, ${bytes} bytes; ${incomplete} miss pieces; ${oneOperatorLoses} could be lost by one operator; ${loss.toExponential(1)} a segment and year\n`);
  const better = improvements.map(({ what, annualLoss: loss }) => `  ${loss.toExponential(1)} if ${what}\n`);
  return [
    `a node fails ${failuresPerYear} times a year, an operator goes ${operatorLossesPerYear} times a year, repair takes ${repairHours} hours\n`,
    ...(codes.length === 0 ? ['nothing is stored\n'] : table),
    `annual loss of a segment: ${annualLoss.toExponential(1)}\n`,
    ...(better.length === 0 ? [] : ['it would be\n', ...better]),
  ].join('');
}

/** What packing small objects saves: nothing is said where there is none. */
function packingLines({ packs, segments, liveBytes, otherBytes, rawBytesBefore, rawBytesNow, loose, looseBytes: waiting }: PackingReport): string {
  const small = loose === 0 ? '' : `${loose} small segments of ${waiting} bytes are replicas\n`;
  if (packs === 0) return small;
  const saved = rawBytesBefore === 0 ? 0 : (1 - rawBytesNow / rawBytesBefore) * 100;
  return `${segments} small segments of ${liveBytes} bytes in ${packs} packs, with ${otherBytes} bytes of indices and holes: ${rawBytesNow} bytes on nodes instead of ${rawBytesBefore} as replicas, ${saved.toFixed(0)} % less\n${small}`;
}
