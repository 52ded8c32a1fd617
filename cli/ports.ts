// The doors' ports, tried before anything is opened, so that a busy one ends the start at once.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { UsageRefused } from './usage';

export interface Ports { readonly graphql: number; readonly s3: number; readonly ingest: number; readonly chain: number }

const settings = {
  graphql: ['OORT_GRAPHQL_PORT', 4000], s3: ['OORT_S3_PORT', 9000], ingest: ['OORT_INGEST_PORT', 4100], chain: ['OORT_CHAIN_PORT', 8765],
} as const;

/** 0 asks for any free port. Throws UsageRefused, and EADDRINUSE with its port. */
export async function choosePorts(environment: Readonly<Record<string, string | undefined>>): Promise<Ports> {
  const asked = Object.entries(settings).map(([door, [variable, usual]]) => [door, portOf(variable, environment[variable], usual)] as const);
  const held = await Promise.all(asked.map(async ([door, port]) => [door, await hold(port)] as const));
  await Promise.all(held.map(([, { release }]) => release()));
  const { graphql = 0, s3 = 0, ingest = 0, chain = 0 } = Object.fromEntries(held.map(([door, { port }]) => [door, port]));
  return { graphql, s3, ingest, chain };
}

function portOf(variable: string, value: string | undefined, usual: number): number {
  if (value === undefined || value === '') return usual;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageRefused(`${variable} is not a port: ${value}`);
  return port;
}

function hold(port: number): Promise<{ readonly port: number; release(): Promise<void> }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve({ port: (server.address() as AddressInfo).port, release: () => new Promise((done) => { server.close(() => { done(); }); }) });
    });
  });
}
