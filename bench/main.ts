// `npm run bench -- [NAME...] [--json]`, or `eventstore --events 1e7`: one figure a line, each beside a peer measured in the same run.
import { parseArgs } from 'node:util';
import { computeFigures } from './compute';
import { eventstoreFigures } from './eventstore';
import { eventstoreAtSize } from './eventstore-size';
import { eventstoreWireFigures } from './eventstore-wire';
import { gatewayFigures } from './gateway';
import { inferenceFigures } from './inference';
import { ledgerFigures } from './ledger';
import { finalityFigures } from './ledger-finality';
import { throughputFigures } from './ledger-throughput';
import { telemetryFigures } from './telemetry';
import { lineOf, type Figure } from './figure';
import { projectionFigures } from './projection';
import { slowClientFigures, storageFigures } from './storage';
import { listingFigures } from './storage-list';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  eventstore: eventstoreFigures, 'eventstore-wire': eventstoreWireFigures, telemetry: telemetryFigures, projection: projectionFigures,
  ledger: async () => [...finalityFigures(), ...await ledgerFigures()], 'ledger-throughput': throughputFigures, gateway: gatewayFigures, inference: inferenceFigures, storage: storageFigures, 'storage-list': listingFigures, 'storage-slow': slowClientFigures, compute: computeFigures,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { json: { type: 'boolean', default: false }, events: { type: 'string' } }, allowPositionals: true });
  const unknown = positionals.filter((name) => benches[name] === undefined);
  if (unknown.length > 0) {
    process.stderr.write(`no bench named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  for (const [name, run] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const figures = name === 'eventstore' && values.events !== undefined ? eventstoreAtSize(Number(values.events)) : run();
    for (const figure of await figures) process.stdout.write(`${values.json ? JSON.stringify(figure) : lineOf(figure)}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exitCode = 1;
});
