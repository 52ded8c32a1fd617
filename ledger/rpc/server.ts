// The chain's door: JSON-RPC over HTTP POST and WebSocket on one port of the loopback interface, and `GET /metrics` there.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { RpcBackend } from './backend';
import { answerText } from './door';
import type { Request } from './door';
import { subscribing } from './subscriptions';

const largestBodyBytes = 5 * 1024 * 1024;
/** Sent and not taken yet: whoever lets more pile up is cut off, and may call again. */
const mostUnsentBytes = 32 * 1024 * 1024;

export interface RpcServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function listen(
  backend: RpcBackend, request: Request, { port, host = '127.0.0.1' }: { readonly port: number; readonly host?: string },
): Promise<RpcServer> {
  const server = createServer((message, response) => {
    serveHttp(request, message, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ server, maxPayload: largestBodyBytes });
  sockets.on('connection', (socket) => serveSocket(backend, request, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // ws repeats the server's errors on itself; unheard they would end the process.
    sockets.on('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function serveHttp(request: Request, message: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'content-type');
  if (message.method === 'OPTIONS') return end(response, 204, '');
  if (message.method === 'GET' && message.url === '/metrics') {
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    return end(response, 200, String(await request('olympus_metrics')));
  }
  if (message.method !== 'POST') return end(response, 405, 'JSON-RPC takes POST');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBodyBytes) return end(response, 413, 'the request is too large');
    chunks.push(chunk);
  }
  const answer = await answerText(request, Buffer.concat(chunks).toString('utf8'));
  response.setHeader('content-type', 'application/json');
  end(response, 200, answer === null ? '' : JSON.stringify(answer));
}

function end(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.end(body);
}

function serveSocket(backend: RpcBackend, request: Request, socket: WebSocket): void {
  const send = (message: unknown): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > mostUnsentBytes) socket.terminate();
    else socket.send(JSON.stringify(message));
  };
  const session = subscribing(backend, request, send);
  socket.on('message', (data: Buffer) => {
    void answerText(session.request, data.toString('utf8')).then((answer) => {
      if (answer !== null) send(answer);
    });
  });
  socket.on('close', session.end);
  socket.on('error', () => socket.terminate());
}
