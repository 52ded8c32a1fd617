// Real sockets on 127.0.0.1.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { loadPeerIdentity, type PeerIdentity } from './identity';
import { decodeMessage, encodeMessage, MalformedMessage, type Message } from './messages';
import { openPeerNetwork, type PeerNetwork, type PeerNetworkOptions } from './network';

const genesis = `0x${'11'.repeat(32)}`;
const directory = mkdtempSync(join(tmpdir(), 'oort-peers-'));
const opened: PeerNetwork[] = [];

afterEach(async () => { await Promise.all(opened.splice(0).map((network) => network.close())); });
afterAll(() => { rmSync(directory, { recursive: true }); });

interface Node { readonly network: PeerNetwork; readonly heard: Message[]; readonly lines: string[] }

async function node(name: string, options: Partial<PeerNetworkOptions> = {}): Promise<Node> {
  const heard: Message[] = [];
  const lines: string[] = [];
  const network = await openPeerNetwork({
    identity: identityOf(name), chainId: 7, genesis, port: 0, peers: [], onPeer: () => undefined,
    onMessage: (_, message) => { heard.push(message); }, log: (_, event, fields) => { lines.push(`${event} ${JSON.stringify(fields)}`); }, ...options,
  });
  opened.push(network);
  return { network, heard, lines };
}

const identityOf = (name: string): PeerIdentity => loadPeerIdentity(join(directory, name));

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds();) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await sleep(10);
  }
}

const block = (text: string): Message => ({ kind: 'block', bytes: Buffer.from(text) });

test('messages survive their encoding; anything else is malformed and never a fault of ours', () => {
  const messages: Message[] = [
    { kind: 'hello', version: 1, chainId: 7, genesis, address: '127.0.0.1:1' }, block('x'), { kind: 'get', hashes: [genesis] },
    { kind: 'tips', tips: [genesis], pending: [], nextIndex: 5 }, { kind: 'history', from: 3 }, { kind: 'peers', addresses: ['[::1]:5'] }, { kind: 'bye', code: 'X' },
    { kind: 'page', from: 1, next: 3, items: [{ kind: 'transaction', bytes: Buffer.from([1]) }, { kind: 'block', bytes: Buffer.from([2]) }] },
  ];
  for (const message of messages) expect(decodeMessage(encodeMessage(message).subarray(4))).toEqual(message);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      decodeMessage(Buffer.from(bytes));
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMessage);
    }
  }), { numRuns: 2000 });
});

test('two nodes that call each other have one link, know each other by key, and hear each other', async () => {
  const a = await node('a');
  const b = await node('b', { peers: [a.network.address ?? ''] });
  await until(() => a.network.peers().length === 1 && b.network.peers().length === 1);
  expect(a.network.peers()[0]?.id).toBe(b.network.id);
  b.network.broadcast(block('from b'));
  await until(() => a.heard.length === 1);
  expect(a.heard).toEqual([block('from b')]);
});

test('a third is told where the others are, and everybody is linked with everybody', async () => {
  const a = await node('a');
  const b = await node('b', { peers: [a.network.address ?? ''] });
  const c = await node('c', { peers: [a.network.address ?? ''] });
  await until(() => [a, b, c].every(({ network }) => network.peers().length === 2));
});

test('a peer that was away is found again', async () => {
  const a = await node('a');
  const b = await node('b', { peers: [a.network.address ?? ''] });
  await until(() => b.network.peers().length === 1);
  const port = Number(a.network.address?.split(':')[1]);
  await a.network.close();
  await until(() => b.network.peers().length === 0);
  await node('a', { port });
  await until(() => b.network.peers().length === 1);
});

test('a node of another chain is turned away', async () => {
  const a = await node('a');
  await node('b', { peers: [a.network.address ?? ''], genesis: `0x${'22'.repeat(32)}` });
  await until(() => a.lines.some((line) => line.includes('CHAIN_DIFFERS')));
  expect(a.network.peers()).toEqual([]);
});

test('who speaks no TLS, too much, nonsense or out of turn gets no further, and others are served', async () => {
  const a = await node('a');
  const [host = '', port = ''] = (a.network.address ?? '').split(':');
  const plain = connectPlain(Number(port), host);
  plain.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n');
  await once(plain, 'close');
  const said = [Buffer.from([0xff, 0xff, 0xff, 0xff, 1]), Buffer.from([0, 0, 0, 2, 99, 1]), encodeMessage(block('before a greeting')), Buffer.from([0, 0, 0, 0])];
  for (const [index, bytes] of said.entries()) {
    const { privateKey, certificate } = identityOf(`stranger-${index}`);
    const socket = connect({ host, port: Number(port), key: privateKey, cert: certificate, rejectUnauthorized: false });
    socket.on('error', () => undefined).on('data', () => undefined);
    await once(socket, 'secureConnect');
    socket.write(bytes);
    await once(socket, 'close');
  }
  const b = await node('b', { peers: [a.network.address ?? ''] });
  await until(() => b.network.peers().length === 1);
  expect(a.heard).toEqual([]);
});

test('a banned peer is not let in again', async () => {
  const a = await node('a', { onMessage: (peer) => { peer.penalise(60, 'bad block'); } });
  const b = await node('b', { peers: [a.network.address ?? ''] });
  await until(() => b.network.peers().length === 1);
  b.network.broadcast(block('one'));
  await until(() => a.network.peers()[0]?.score === 60);
  b.network.broadcast(block('two'));
  await until(() => a.network.peers().length === 0);
  expect(a.lines.join()).toContain('bad block');
  await sleep(600);
  expect(a.network.peers()).toEqual([]);
});

test('a peer that takes nothing does not fill memory: gossip for it is dropped', async () => {
  const a = await node('a');
  const b = await node('b', { peers: [a.network.address ?? ''], onMessage: () => new Promise(() => undefined) });
  await until(() => a.network.peers().length === 1 && b.network.peers().length === 1);
  const [peer] = a.network.peers();
  const large: Message = { kind: 'block', bytes: Buffer.alloc(1024 * 1024) };
  const sent = Array.from({ length: 200 }, () => peer?.send(large, true) === true).filter((done) => done).length;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(150);
});

test('a peer that says much while nothing is handled is heard no further: a few large messages fill no memory', async () => {
  const a = await node('a');
  const b = await node('b', { peers: [a.network.address ?? ''], onMessage: () => new Promise(() => undefined) });
  await until(() => a.network.peers().length === 1 && b.network.peers().length === 1);
  const [peer] = a.network.peers();
  const large: Message = { kind: 'block', bytes: Buffer.alloc(2 * 1024 * 1024) };
  let sent = 0;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (peer?.send(large, true) === true) sent += 1;
    await sleep(5);
  }
  expect(sent).toBeGreaterThan(1);
  // Sixty-four messages, which is how many may wait when they are small, would be 128 MiB.
  expect(sent).toBeLessThan(40);
});
