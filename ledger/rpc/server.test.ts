// The door over real sockets: who is told what, and what happens to those who do not listen.
import { WebSocket } from 'ws';
import type { Json } from '@oort/kernel-wire';
import type { RpcBackend } from './backend';
import type { Request } from './door';
import { listen, type RpcServer } from './server';

const mebibyte = 1024 * 1024;
let syncing = false;
let nextIndex = 8;
// What the door's own methods look at; everything else is asked by `request`, which is given here.
const backend = { syncing: () => syncing, farthest: () => 100, chain: { point: () => ({ nextIndex }) } } as unknown as RpcBackend;
/** Of `eth_large`: answered when the test says so. */
const waiting: ((answer: Json) => void)[] = [];
const request = ((method: string): Promise<Json> =>
  (method === 'eth_large' ? new Promise((answer) => { waiting.push(answer); }) : Promise.resolve('0x1'))) as Request;
const turn = (): Promise<void> => new Promise((done) => { setImmediate(done); });
let server: RpcServer;

interface Client { readonly socket: WebSocket; ask(method: string, ...params: Json[]): void; next(): Promise<Json> }

async function connect(): Promise<Client> {
  const socket = new WebSocket(server.url);
  const heard: Json[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data: Buffer) => { heard.push(JSON.parse(data.toString()) as Json); wake(); });
  await new Promise((done) => socket.once('open', done));
  return {
    socket,
    ask: (method, ...params) => { socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })); },
    async next() {
      while (heard.length === 0) await new Promise<void>((done) => { wake = done; });
      return heard.shift() as Json;
    },
  };
}

beforeAll(async () => { server = await listen(backend, request, { port: 0 }); });
afterAll(() => server.close());

test('tells a subscriber when the node begins and ends to catch up', async () => {
  const progress = (syncing: Json): Json => ({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: '0x1', result: syncing } });
  const early = await connect();
  early.ask('eth_subscribe', 'syncing');
  expect(await early.next()).toEqual({ jsonrpc: '2.0', id: 1, result: '0x1' });
  syncing = true;
  expect(await early.next()).toEqual(progress({ syncing: true, status: { startingBlock: '0x7', currentBlock: '0x7', highestBlock: '0x64' } }));
  nextIndex = 51;
  const late = await connect();
  late.ask('eth_subscribe', 'syncing');
  expect(await late.next()).toMatchObject({ result: '0x1' });
  expect(await late.next()).toEqual(progress({ syncing: true, status: { startingBlock: '0x32', currentBlock: '0x32', highestBlock: '0x64' } }));
  syncing = false;
  expect([await early.next(), await late.next()]).toEqual([progress(false), progress(false)]);
  for (const { socket } of [early, late]) socket.terminate();
});

test('cuts off who lets more than 32 MiB pile up, and goes on with everybody else', async () => {
  const [deaf, other] = [await connect(), await connect()];
  deaf.socket.pause();
  const gone = new Promise((done) => deaf.socket.once('close', done));
  // More than the door keeps and the kernel's buffers of both sides together.
  const most = 96;
  for (let number = 0; number < most; number += 1) deaf.ask('eth_large');
  while (waiting.length < most) await turn();
  for (const answer of waiting) answer('x'.repeat(mebibyte));
  await turn();
  other.ask('eth_chainId');
  expect(await other.next()).toMatchObject({ result: '0x1' });
  deaf.socket.resume();
  await gone;
  other.ask('eth_chainId');
  expect(await other.next()).toMatchObject({ result: '0x1' });
  other.socket.terminate();
});
