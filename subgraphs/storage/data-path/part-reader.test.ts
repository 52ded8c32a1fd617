import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PieceClient } from './piece-client';
import { newDeviceKey } from '@oort/kernel-identity';
import { notPlain, PartReader } from './part-reader';
import type { StorageNode } from './port';

const servers: Server[] = [];
const reader = new PartReader(60_000);

/** Answers each request with what is given for it, whoever asks. */
async function serverThat(answer: (socket: Socket, request: number) => void): Promise<string> {
  let requests = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => { answer(socket, requests += 1); });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const head = (length: number, status = 200): string => `HTTP/1.1 ${status} So\r\nContent-Length: ${length}\r\n\r\n`;
const ask = (origin: string, bytes: number, signal?: AbortSignal) => (
  reader.read(origin, { path: '/pieces/piece_1', headers: {}, target: Buffer.alloc(bytes), ...(signal === undefined ? {} : { signal }) }));

afterAll(() => {
  reader.close();
  for (const server of servers) server.close();
});

describe('parts of pieces', () => {
  it('are read however their bytes arrive, over one connection', async () => {
    const body = Buffer.alloc(300_000, 'all of it');
    const sockets = new Set<Socket>();
    const origin = await serverThat((socket, request) => {
      sockets.add(socket);
      const whole = Buffer.concat([Buffer.from(head(body.length)), body]);
      if (request === 1) return void socket.write(whole);
      for (const [from, to] of [[0, 5], [5, 37], [37, 40], [40, 4096], [4096, 200_000], [200_000, whole.length]]) socket.write(whole.subarray(from, to));
    });
    for (let turn = 0; turn < 3; turn += 1) expect(await ask(origin, body.length)).toEqual({ status: 200, body });
    expect(sockets.size).toBe(1);
  });

  it('are fewer bytes where the piece ends earlier, and none where more came than was asked for', async () => {
    const origin = await serverThat((socket, request) => { socket.write(request === 1 ? `${head(3)}end` : `${head(9)}far beyond`); });
    expect(await ask(origin, 5)).toEqual({ status: 200, body: Buffer.from('end') });
    expect(await ask(origin, 5)).toEqual({ status: 200, body: Buffer.alloc(0) });
  });

  it('are refused with a reason', async () => {
    const origin = await serverThat((socket) => { socket.write(`${head(7, 404)}missing`); });
    expect(await ask(origin, 0)).toEqual({ status: 404, body: Buffer.from('missing') });
  });

  it('are asked for again when a kept connection was closed meanwhile, and not when an answer broke off', async () => {
    const origin = await serverThat((socket, request) => {
      if (request === 2) socket.destroy();
      else if (request === 4) socket.end(`${head(2)}x`);
      else socket.write(`${head(2)}ok`);
    });
    expect(await ask(origin, 2)).toMatchObject({ status: 200 });
    expect(await ask(origin, 2)).toMatchObject({ status: 200 });
    await expect(ask(origin, 2)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('are asked for over another connection when those that were kept had ended, and not at all when nobody listens', async () => {
    const sockets: Socket[] = [];
    const origin = await serverThat((socket) => {
      sockets.push(socket);
      socket.write(`${head(2)}ok`);
    });
    await Promise.all([ask(origin, 2), ask(origin, 2)]);
    for (const socket of sockets) {
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    }
    // The other end hears of it in turns of its own.
    await sleep(50);
    expect(await ask(origin, 2)).toMatchObject({ status: 200 });
    const closed = once(servers.at(-1) as Server, 'close');
    servers.at(-1)?.close();
    sockets.at(-1)?.destroy();
    await closed;
    await sleep(50);
    await expect(ask(origin, 2)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('that are not wanted any more put nothing into the memory that was given', async () => {
    const cancel = new AbortController();
    const asked: Socket[] = [];
    const origin = await serverThat((socket) => { asked.push(socket.on('close', () => undefined)); socket.write(head(8)); });
    const target = Buffer.alloc(8);
    const answer = reader.read(origin, { path: '/', headers: {}, target, signal: cancel.signal });
    while (asked.length === 0) await sleep(5);
    cancel.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    asked[0]?.write('too late');
    if (asked[0]?.closed === false) await once(asked[0], 'close');
    expect(target.equals(Buffer.alloc(8))).toBe(true);
  });

  it('of servers that answer in chunks are read by another client', async () => {
    const origin = await serverThat((socket) => { socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'); });
    expect(await ask(origin, 2)).toBe(notPlain);
    const client = new PieceClient({ platformKey: newDeviceKey(), now: () => new Date() });
    const node: StorageNode = { nodeId: 'node_1', kind: 'super', operator: 'o', region: 'r', network: 'n', endpoint: origin, publicKey: '', online: true, trust: 1 };
    for (let turn = 0; turn < 2; turn += 1) expect(String(await client.getPart(node, 'account_1', 'piece_1', 0, 2))).toBe('ok');
    await client.close();
  });
});
