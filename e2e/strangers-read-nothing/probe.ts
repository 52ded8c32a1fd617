// One wrong thing said to a door, and what may never come back: a fault of ours, a stack, a path, a door that is gone.
import { connect } from 'node:net';
import type { Report } from '../loop/report';

export interface Answered { readonly status: number; readonly text: string }

export interface Finding { readonly said: string; readonly why: string }

const insides = /node_modules|\.ts:\d+|\bat .+\(.+:\d+:\d+\)|\/(?:kernel|gateway|subgraphs|projections|ledger)\/|ECONNREFUSED|SELECT .+ FROM|TypeError|undefined \(reading/;

/** Null when it is an answer that a stranger may see; `own` tells whether it is this door's typed error. */
export function fault({ status, text }: Answered, own: (text: string) => boolean): string | null {
  if (insides.test(text)) return `shows its insides: ${text.slice(0, 200)}`;
  if (status >= 500 && status !== 501 && status !== 503) return `answers ${status}: ${text.slice(0, 200)}`;
  if (status >= 400 && !own(text)) return `answers ${status} in no words of its own: ${text.slice(0, 200)}`;
  return null;
}

export function tell(report: Report, what: string, count: number, findings: readonly Finding[]): void {
  report.check(what, findings.length === 0, findings.length === 0 ? `${count} tried` : `${findings.length} of ${count}: ${findings.slice(0, 4).map(({ said, why }) => `${said.slice(0, 300)} -> ${why}`).join(' | ')}`);
}

/** Bytes as no HTTP library would send them; resolves with what comes back until the server ends it or `waitMs` is over. */
export function sayRaw(url: string, bytes: string | Buffer, waitMs = 1500): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let heard = '';
    const done = (): void => { socket.destroy(); resolve(heard); };
    const timer = setTimeout(done, waitMs);
    socket.on('data', (chunk: Buffer) => { heard += chunk.toString('latin1'); });
    socket.on('error', done);
    socket.on('close', () => { clearTimeout(timer); done(); });
    socket.write(bytes);
  });
}

/** What is no HTTP, or is HTTP that lies about itself. The same for every door that speaks it. */
export function brokenHttp(path: string): readonly string[] {
  return [
    'nonsense\r\n\r\n',
    `GET ${path} HTTP/9.9\r\n\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: banana\r\n\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(200_000)}\r\n\r\n`,
    `GET ${path}\u0000 HTTP/1.1\r\nHost: x\r\n\r\n`,
    'GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /%zz%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET http://[broken/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]).toString('latin1'),
  ];
}

export async function tellBrokenHttp(report: Report, name: string, url: string, path: string): Promise<void> {
  const findings: Finding[] = [];
  for (const said of brokenHttp(path)) {
    const heard = await sayRaw(url, Buffer.from(said, 'latin1'), 700);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 400);
    const why = fault({ status, text: heard }, () => true);
    if (why !== null) findings.push({ said: said.slice(0, 60), why });
  }
  tell(report, `${name}: what is no proper HTTP breaks nothing`, brokenHttp(path).length, findings);
}
