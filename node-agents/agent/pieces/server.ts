// The piece server: what a super or archive node lets the platform do over HTTP.
//   PUT    /pieces/<id>                the bytes; 201 with a signed receipt, after the flush
//   GET    /pieces/<id>                the bytes
//   GET    /pieces/<id>/proof?leaf=N   one leaf with its Merkle path
//   DELETE /pieces/<id>
//   GET    /pieces                     the inventory
// Every request carries `authorization: Oort-Order <base64url of the order>.<hex signature>` by the platform's key.
// An order names the node, the piece, the action and the most bytes that may move, so it opens nothing else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { commitPiece, openOrder, provePiece, receiptStatement, type Order, type OrderAction } from '@oort/algorithms-possession';
import { signWith, verifySignature, type DeviceKey } from '@oort/kernel-identity';
import { Fault, type Json } from '@oort/kernel-wire';
import type { PieceStore } from './port';

export interface PieceServerOptions {
  readonly store: PieceStore;
  readonly nodeId: string;
  readonly key: DeviceKey;
  /** Ed25519, hex: whose orders are obeyed. */
  readonly platformPublicKey: string;
  /** 0 takes any free port. */
  readonly port?: number;
  now(): Date;
}

export interface PieceServer {
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

class Refused extends Fault {
  constructor(readonly status: number, code: string, message: string) { super(code, message); }
}

export async function startPieceServer(options: PieceServerOptions): Promise<PieceServer> {
  const server = createServer({ keepAliveTimeout: 65_000, noDelay: true }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => refuse(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return { endpoint: `http://127.0.0.1:${portOf(server)}`, close: () => closeServer(server) };
}

async function answer(options: PieceServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://node');
  const match = /^\/pieces(?:\/(piece_[0-9A-Za-z]{1,64})(\/proof)?)?$/.exec(url.pathname);
  if (match === null) throw new Refused(404, 'NO_SUCH_RESOURCE', 'pieces lie under /pieces/<id>');
  const [, pieceId = '', proof] = match;
  const action = actionOf(request.method ?? '', pieceId, proof !== undefined);
  const order = authorise(options, request, action, pieceId);
  const { store } = options;
  switch (action) {
    case 'put': return put(options, order, request, response);
    case 'get': return sendBytes(response, within(order, await found(store, pieceId)));
    case 'delete': await store.delete(pieceId); return sendJson(response, 200, { deleted: pieceId });
    case 'prove': return sendJson(response, 200, { ...provePiece(await found(store, pieceId), leafOf(url)) });
    case 'list': return sendJson(response, 200, { pieces: (await store.list()).map((piece) => ({ ...piece })) });
  }
}

async function put(options: PieceServerOptions, order: Order, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = await readBody(request, order.maximumBytes);
  await options.store.put(order.pieceId, bytes);
  const receipt = { nodeId: options.nodeId, pieceId: order.pieceId, ...commitPiece(bytes), sizeBytes: bytes.length };
  sendJson(response, 201, { ...receipt, signature: signWith(options.key, receiptStatement(receipt)) });
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

function authorise(options: PieceServerOptions, request: IncomingMessage, action: OrderAction, pieceId: string): Order {
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
  return order;
}

async function readBody(request: IncomingMessage, maximumBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumBytes) throw new Refused(413, 'ORDER_EXCEEDED', `the order allows ${maximumBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

async function found(store: PieceStore, pieceId: string): Promise<Buffer> {
  const bytes = await store.get(pieceId);
  if (bytes === null) throw new Refused(404, 'NO_SUCH_PIECE', `${pieceId} is not here`);
  return bytes;
}

function within(order: Order, bytes: Buffer): Buffer {
  if (bytes.length > order.maximumBytes) throw new Refused(403, 'ORDER_EXCEEDED', `the order allows ${order.maximumBytes} bytes`);
  return bytes;
}

function leafOf(url: URL): number {
  const text = url.searchParams.get('leaf') ?? '';
  if (!/^\d{1,9}$/.test(text)) throw new Refused(400, 'BAD_LEAF', 'leaf is a whole number');
  return Number(text);
}

function sendBytes(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length }).end(bytes);
}

function sendJson(response: ServerResponse, status: number, value: Json): void {
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
