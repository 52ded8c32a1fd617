// The door for Prometheus: only where OORT_METRICS_PORT asks for it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsOf, type OpenReadModels } from '@oort/kernel-projection';
import type { Ledger } from '@oort/schema';
import { UsageRefused } from './usage';

export interface MetricsDoor { readonly url: string; close(): Promise<void> }

/** Null where no port is set. 0 asks for any free port. */
export async function openMetricsDoor(environment: Readonly<Record<string, string | undefined>>, readModels: Pick<OpenReadModels, 'status'>, chain?: Pick<Ledger, 'request'>, more: () => string = () => ''): Promise<MetricsDoor | null> {
  const text = environment['OORT_METRICS_PORT'] ?? '';
  if (text === '') return null;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageRefused(`OORT_METRICS_PORT is not a port: ${text}`);
  const server = createServer((request, response) => {
    const isAsked = request.method === 'GET' && request.url === '/metrics';
    const body = isAsked ? linesOf(readModels, chain).then((lines) => lines + more()) : Promise.resolve('there is only GET /metrics\n');
    body.then((lines) => {
      response.writeHead(isAsked ? 200 : 404, { 'content-type': isAsked ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain' }).end(lines);
    }, () => {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('PostgreSQL does not answer\n');
    });
  });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    close: () => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }),
  };
}

/** The read models', and the chain's where its node runs in this process. */
async function linesOf(readModels: Pick<OpenReadModels, 'status'>, chain: Pick<Ledger, 'request'> | undefined): Promise<string> {
  const [statuses, ofChain] = await Promise.all([readModels.status(), chain?.request('olympus_metrics')]);
  return metricsOf(statuses) + (typeof ofChain === 'string' ? ofChain : '');
}
