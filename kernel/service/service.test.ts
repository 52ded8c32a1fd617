import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Settings } from '@oort/kernel-process';
import { testPostgres, type TestDatabase } from '@oort/kernel-projection';
import { memoryBus, type TelemetryBus } from '@oort/kernel-telemetry';
import { telemetryBusContract } from '@oort/kernel-telemetry/contract';
import { busFrom, jsonRpc, openBusDoor, remoteBus } from './index';
import { onlyOne } from './only-one';

const key = 'a key of the platform';

async function overHttp(): Promise<TelemetryBus> {
  const bus = memoryBus();
  const door = await openBusDoor({ bus, port: 0, host: '127.0.0.1', key });
  const remote = remoteBus({ url: door.url, key });
  return { ...remote, close: async () => { await remote.close(); await door.close(); await bus.close(); } };
}

telemetryBusContract('a bus in another process', overHttp);

describe('the door of the bus', () => {
  it('opens to whoever knows the key only', async () => {
    const bus = memoryBus();
    const door = await openBusDoor({ bus, port: 0, host: '127.0.0.1', key });
    await expect(remoteBus({ url: door.url, key: 'another' }).publish('topic', 'key', Buffer.from('x'))).rejects.toThrow('the key is wrong');
    await door.close();
    await bus.close();
  });

  it('is not looked for before it is needed', async () => {
    const bus = busFrom(new Settings({}), 'test');
    await expect(bus.publish('topic', 'key', Buffer.from('x'))).rejects.toThrow('neither OORT_KAFKA_BROKERS nor OORT_TELEMETRY_URL');
    await bus.close();
  });
});

describe('one process a service', () => {
  let database: TestDatabase;
  beforeAll(async () => { database = await testPostgres(); });
  afterAll(async () => { await database.stop(); });

  it('refuses a second one, and takes the next when the first is gone', async () => {
    const lost = (): void => undefined;
    const first = await onlyOne({ url: database.url, name: 'nodes', lost });
    const other = await onlyOne({ url: database.url, name: 'storage', lost });
    await expect(onlyOne({ url: database.url, name: 'nodes', lost, waitMs: 50 })).rejects.toThrow('another nodes works on this database');
    await first.release();
    await (await onlyOne({ url: database.url, name: 'nodes', lost })).release();
    await other.release();
  });
});

describe('a chain in another process', () => {
  it('answers, refuses with its code and data, or is away', async () => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      request.on('end', () => {
        const { method, params } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly method: string; readonly params: unknown };
        response.end(JSON.stringify(method === 'eth_call' ? { error: { code: 3, message: 'reverted', data: '0x01' } } : { result: params }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const chain = jsonRpc(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await chain.request('echo', ['a', 1])).toEqual(['a', 1]);
    await expect(chain.request('eth_call')).rejects.toMatchObject({ code: 'RPC_REFUSED', rpcCode: 3, detail: '0x01' });
    server.closeAllConnections();
    await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  });
});
