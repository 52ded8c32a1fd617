// The piece server: what a super or archive node lets the platform do over HTTP.
//   PUT    /pieces/<id>                the bytes; 201 with a signed receipt, after the flush
//   GET    /pieces/<id>                the bytes, or those of `range: bytes=<first>-<last>`
//   GET    /pieces/<id>/proof?leaf=N&leaves=L   one leaf with its Merkle path, of a piece whose receipt spoke of L leaves
//   DELETE /pieces/<id>
//   GET    /pieces                     their ids and sizes
//   POST   /settlements                the node's signature under what it moved by orders, see order-book.ts
//   GET    /inventory                  the inventory, signed: what the node will be challenged on
//   GET    /inventory/<root>/answers?seed=S&draws=N   the leaves that a seed asks for, with their paths
// Every request carries `authorization: Oort-Order <base64url of the order>.<hex signature>` by the platform's key.
// An order names the node, the piece, the action and the most bytes that may move, so it opens nothing else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { commitPiece, LeafHasher, openOrder, pieceLeafBytes, provePiece, receiptStatement, type InventoryAnswer, type Order, type OrderAction, type Receipt } from '@oort/algorithms-possession';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { Fault } from '@oort/kernel-wire';
import { systemCode } from './faults';
import { answerMemory } from './bytes';
import { Inventories, type Answerable } from './inventories';
import { OrderBook, type OrdersToSettle } from './order-book';
import type { PieceStore } from './port';

export interface PieceServerOptions {
  readonly store: PieceStore;
  readonly nodeId: string;
  readonly key: DeviceKey;
  /** Ed25519, hex: whose orders are obeyed. */
  readonly platformPublicKey: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** For a node whose leaves may be disputed on the chain. */
  readonly answerable?: Answerable;
  now(): Date;
}

interface RunningOptions extends PieceServerOptions { readonly inventories: Inventories; readonly orders: OrderBook }

/** Of one challenge: each costs the reading of a piece. */
const mostDraws = 512;

export interface PieceServer {
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  /** A leaf of an inventory, see Inventories. */
  answerOf(root: string, index: number): Promise<InventoryAnswer | null>;
  close(): Promise<void>;
}

class Refused extends Fault {
  constructor(readonly status: number, code: string, message: string) { super(code, message); }
}

export async function startPieceServer(given: PieceServerOptions): Promise<PieceServer> {
  const options: RunningOptions = { ...given, now: () => given.now(), inventories: new Inventories(given), orders: new OrderBook(given) };
  // A piece may arrive as slowly as the client of the platform sends it.
  const server = createServer({ keepAliveTimeout: 65_000, noDelay: true, requestTimeout: 0 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      // Who left in the middle of a piece wants no answer, and nothing of it was kept.
      if (systemCode(error) !== 'ECONNRESET') refuse(response, error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return { endpoint: `http://127.0.0.1:${portOf(server)}`, answerOf: (root, index) => options.inventories.answerOf(root, index), close: () => closeServer(server) };
}

async function answer(options: RunningOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://node');
  const ofInventory = /^\/inventory(?:\/([0-9a-f]{64})\/answers)?$/.exec(url.pathname);
  if (ofInventory !== null) return inventory(options, url, request, response, ofInventory[1]);
  if (url.pathname === '/settlements') return settle(options, request, response);
  const match = /^\/pieces(?:\/(piece_[0-9A-Za-z]{1,64})(\/proof)?)?$/.exec(url.pathname);
  if (match === null) throw new Refused(404, 'NO_SUCH_RESOURCE', 'pieces lie under /pieces/<id>');
  const [, pieceId = '', proof] = match;
  const action = actionOf(request.method ?? '', pieceId, proof !== undefined);
  const { order, statement } = authorise(options, request, action, pieceId);
  const { store } = options;
  switch (action) {
    case 'put': return put(options, order, statement, request, response);
    case 'get': {
      const bytes = await asked(store, order, request.headers.range);
      response.once('finish', () => {
        options.orders.note(statement, order, bytes.length);
        answerMemory.give(bytes);
      });
      // A cache signs what it gives, as it signed what it took.
      if (store.isCache === true && request.headers.range === undefined) response.setHeader('oort-receipt', receiptOf(options, { ...commitPiece(bytes), pieceId, sizeBytes: bytes.length }));
      return sendBytes(response, bytes);
    }
    case 'delete': await store.delete(pieceId); return sendJson(response, 200, { deleted: pieceId });
    case 'prove': return sendJson(response, 200, { ...provePiece(await found(store, pieceId), leafOf(url, 'leaf'), ...(url.searchParams.has('leaves') ? [leafOf(url, 'leaves')] : [])) });
    case 'list': return sendJson(response, 200, { pieces: (await store.list()).map((piece) => ({ ...piece })) });
  }
}

async function inventory(options: RunningOptions, url: URL, request: IncomingMessage, response: ServerResponse, root: string | undefined): Promise<void> {
  if (request.method !== 'GET') throw new Refused(405, 'METHOD_NOT_ALLOWED', 'inventories are read');
  authorise(options, request, root === undefined ? 'list' : 'prove', '');
  if (root === undefined) return sendJson(response, 200, await options.inventories.make());
  const seed = url.searchParams.get('seed') ?? '';
  const draws = Number(url.searchParams.get('draws') ?? '');
  if (!/^[0-9a-f]{64}$/.test(seed) || !Number.isSafeInteger(draws) || draws < 1 || draws > mostDraws) throw new Refused(400, 'BAD_CHALLENGE', `a seed of 32 bytes and 1 to ${mostDraws} draws`);
  const answers = await options.inventories.answers(root, seed, draws);
  if (answers === null) throw new Refused(404, 'NO_SUCH_INVENTORY', 'this inventory is not kept');
  sendJson(response, 200, { answers });
}

/** A list of hashes: twenty thousand of them, and some room. */
const largestSettlement = 2 * 1024 * 1024;

async function settle(options: RunningOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') throw new Refused(405, 'METHOD_NOT_ALLOWED', 'settlements are posted');
  authorise(options, request, 'list', '');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestSettlement) throw new Refused(413, 'SETTLEMENT_TOO_LARGE', `a settlement has at most ${largestSettlement} bytes`);
    parts.push(part);
  }
  const asked = ordersIn(Buffer.concat(parts));
  if (asked === null) throw new Refused(400, 'BAD_SETTLEMENT', 'a settlement names an account, a direction and orders');
  sendJson(response, 200, options.orders.settle(asked));
}

function ordersIn(body: Buffer): OrdersToSettle | null {
  try {
    const { accountId, direction, orders } = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
    const areHashes = (value: unknown): value is string[] => Array.isArray(value) && value.every((hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash));
    return typeof accountId === 'string' && (direction === 'in' || direction === 'out') && areHashes(orders) ? { accountId, direction, orders } : null;
  } catch {
    return null;
  }
}

async function put(options: RunningOptions, order: Order, statement: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Hashed while it arrives, so that only the flush is left to do at its end.
  const hasher = new LeafHasher(pieceLeafBytes);
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > order.maximumBytes) throw new Refused(413, 'ORDER_EXCEEDED', `the order allows ${order.maximumBytes} bytes`);
    hasher.update(part);
    parts.push(part);
  }
  await options.store.put(order.pieceId, parts);
  const commitment = hasher.digest();
  if (options.store.isCache !== true) options.inventories.note(order.pieceId, commitment);
  options.orders.note(statement, order, sizeBytes);
  const receipt = { pieceId: order.pieceId, ...commitment, sizeBytes };
  sendJson(response, 201, { nodeId: options.nodeId, ...receipt, signature: receiptOf(options, receipt) });
}

function receiptOf({ nodeId, key }: PieceServerOptions, receipt: Omit<Receipt, 'nodeId'>): string {
  return signWith(key, receiptStatement({ nodeId, ...receipt }));
}

function actionOf(method: string, pieceId: string, proof: boolean): OrderAction {
  if (pieceId === '' && method === 'GET') return 'list';
  if (proof && method === 'GET') return 'prove';
  if (pieceId !== '' && !proof) {
    if (method === 'PUT') return 'put';
    if (method === 'GET') return 'get';
    if (method === 'DELETE') return 'delete';
  }
  throw new Refused(405, 'METHOD_NOT_ALLOWED', `${method} is not for this resource`);
}

function authorise(options: PieceServerOptions, request: IncomingMessage, action: OrderAction, pieceId: string): { readonly order: Order; readonly statement: Buffer } {
  const match = /^Oort-Order ([A-Za-z0-9_-]+)\.([0-9a-f]{128})$/.exec(request.headers.authorization ?? '');
  if (match === null) throw new Refused(401, 'ORDER_MISSING', 'the request carries no order of the platform');
  const statement = Buffer.from(match[1] ?? '', 'base64url');
  const order = openOrder(statement);
  if (order === null || !verifySignature(options.platformPublicKey, statement, match[2] ?? '')) {
    throw new Refused(401, 'ORDER_NOT_SIGNED', 'the order is not signed by the platform');
  }
  if (order.nodeId !== options.nodeId || order.pieceId !== pieceId || order.action !== action) {
    throw new Refused(403, 'ORDER_FOR_ANOTHER', 'the order is for another node, piece or action');
  }
  if (Date.parse(order.expiresAt) < options.now().getTime()) throw new Refused(403, 'ORDER_EXPIRED', 'the order has expired');
  return { order, statement };
}

async function found(store: PieceStore, pieceId: string): Promise<Buffer> {
  const bytes = await store.get(pieceId);
  if (bytes === null) throw new Refused(404, 'NO_SUCH_PIECE', `${pieceId} is not here`);
  return bytes;
}

/** The piece, or the part of it that the header names. The order allows so many bytes. */
async function asked(store: PieceStore, { pieceId, maximumBytes }: Order, range: string | undefined): Promise<Buffer> {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(range ?? '') ?? [];
  if (range !== undefined && (first === undefined || Number(last) < Number(first))) throw new Refused(416, 'BAD_RANGE', 'a range is bytes=<first>-<last>');
  if (first !== undefined && Number(last) - Number(first) >= maximumBytes) throw exceeded(maximumBytes);
  const bytes = first === undefined ? await found(store, pieceId) : await store.read(pieceId, Number(first), Number(last) + 1);
  if (bytes === null) throw new Refused(404, 'NO_SUCH_PIECE', `${pieceId} is not here`);
  if (bytes.length > maximumBytes) throw exceeded(maximumBytes);
  return bytes;
}

function exceeded(maximumBytes: number): Refused { return new Refused(403, 'ORDER_EXCEEDED', `the order allows ${maximumBytes} bytes`); }

function leafOf(url: URL, name: 'leaf' | 'leaves'): number {
  const text = url.searchParams.get(name) ?? '';
  if (!/^\d{1,9}$/.test(text)) throw new Refused(400, 'BAD_LEAF', `${name} is a whole number`);
  return Number(text);
}

function sendBytes(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length }).end(bytes);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const text = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
}

const statusOf: Readonly<Record<string, number>> = { PIECE_CONFLICT: 409, PIECE_STORE_FULL: 507 };

/** What a stranger may know is the code; a broken disk is told to the operator's log. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const status = error instanceof Refused ? error.status : statusOf[error instanceof Fault ? error.code : ''];
  if (status === undefined) process.stderr.write(`piece server: ${String(error)}\n`);
  const code = status !== undefined && error instanceof Fault ? error.code : 'PIECE_SERVER_FAULT';
  // The rest of a refused body is not read, so the connection ends with the answer.
  if (status === 413) response.setHeader('connection', 'close');
  sendJson(response, status ?? 500, { code, message: error instanceof Refused ? error.message : code });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
