// Writes schema/supergraph.graphql from schema/sdl/*.graphql. With --check it only compares.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'graphql';
import { CompositionFailed, composeSupergraph } from '@oort/gateway-graphql';

const schema = join(__dirname, '..', 'schema');
const file = join(schema, 'supergraph.graphql');

try {
  const names = readdirSync(join(schema, 'sdl')).filter((name) => name.endsWith('.graphql')).sort();
  const composed = composeSupergraph(names.map((name) => ({
    name: basename(name, '.graphql'), typeDefs: parse(readFileSync(join(schema, 'sdl', name), 'utf8')),
  })));
  const current = existsSync(file) && readFileSync(file, 'utf8') === composed;
  if (!current && process.argv.includes('--check')) {
    process.stderr.write('schema/supergraph.graphql is out of date: run "npm run supergraph"\n');
    process.exitCode = 1;
  } else if (!current) {
    writeFileSync(file, composed);
  }
} catch (error) {
  if (!(error instanceof CompositionFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
