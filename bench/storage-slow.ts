// What a door holds for clients that are slow: 200 that read an object of 64 MiB and 200 that write one, a kibibyte now and then. Raw
// sockets, so that nothing in the client reads ahead.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { figure, type Figure } from './figure';
import type { ServerProcesses } from './server-processes';
import { signed, type StorageClient } from './storage-client';

const clients = 200;
const objectBytes = 64 * 1024 * 1024;
const seconds = 10;
/** Enough that every upload has begun to go to nodes: more than one stripe of 3 of 6. */
const writtenFirst = 256 * 1024;

export async function slowFigures(client: StorageClient, processes: ServerProcesses, url: string): Promise<readonly Figure[]> {
  await client.send('PUT', '/bench/slow', randomBytes(objectBytes));
  await sleep(2000);
  processes.forgetPeak();
  const { hostname, port, host } = new URL(url);
  const sockets: Socket[] = [];
  const open = (method: 'PUT' | 'GET', path: string, headers: Readonly<Record<string, string | number>>): Socket => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    const all = { host, ...signed(method, path, host), ...headers };
    socket.write(`${method} ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    sockets.push(socket);
    return socket;
  };
  const readers = Array.from({ length: clients }, () => open('GET', '/bench/slow', {}).pause());
  const writers = Array.from({ length: clients }, (_, index) => open('PUT', `/bench/slow-${index}`, { 'content-length': objectBytes }));
  const piece = randomBytes(1024);
  for (const writer of writers) writer.write(randomBytes(writtenFirst));
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1000);
    for (const writer of writers) writer.write(piece);
    for (const reader of readers) reader.read(1024);
  }
  const mostMb = processes.mostMb();
  for (const socket of sockets) socket.destroy();
  return [figure({ name: `${clients} slow readers and ${clients} slow writers: most resident memory of the door`, unit: 'MB', better: 'lower', ours: mostMb, aim: { kind: 'absolute', value: 200 } })];
}
