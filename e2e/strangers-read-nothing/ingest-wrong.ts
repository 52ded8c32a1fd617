// The ingest door: telemetry and content, from who may send neither, and in shapes that are neither.
import type { Report } from '../loop/report';
import type { LoopContext } from '../loop/step';
import { fault, tell, tellBrokenHttp, type Finding } from './probe';
import type { Stranger } from './strangers';

const ownWords = (text: string): boolean => {
  try {
    return typeof (JSON.parse(text) as { readonly error?: { readonly code?: unknown } }).error?.code === 'string';
  } catch {
    return text === '';
  }
};
const paths = ['/', '/telemetry', '/content/', '/content/x', '/content/../../etc/passwd', `/content/bafkrei${'a'.repeat(52)}`, '/content/%00', '/nothing', '//'];
const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH'];
const bodies = ['', '{', 'null', '7', '[]', '[null]', '{"nodeId":7}', '\u0000', '[['.repeat(5000), 'x'.repeat(300_000), JSON.stringify({ nodeId: 'node_x', topic: 'heartbeats', sequence: -1 })];

export async function wrongAtIngest({ urls }: LoopContext, strangers: readonly Stranger[], report: Report): Promise<void> {
  for (const stranger of strangers) {
    const findings: Finding[] = [];
    let count = 0;
    for (const path of paths) {
      for (const method of methods) {
        for (const body of method === 'GET' || method === 'HEAD' ? [''] : bodies) {
          count += 1;
          const why = await tried(`${urls.ingest}${path}`, method, body, stranger);
          if (why !== null) findings.push({ said: `${method} ${path} ${body.slice(0, 40)}`, why });
        }
      }
    }
    tell(report, `ingest: ${stranger.name} is refused in the door's own words`, count, findings);
  }
  await tellBrokenHttp(report, 'ingest', urls.ingest, '/telemetry');
}

async function tried(url: string, method: string, body: string, stranger: Stranger): Promise<string | null> {
  const response = await fetch(url, {
    method, headers: stranger.headers(method, new URL(url).pathname, body), ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
  return fault({ status: response.status, text: await response.text() }, ownWords);
}
