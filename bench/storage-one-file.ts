// What many would write first: one file an object, its MD5 computed on the way, flushed with its folder before the answer. It keeps
// one copy, plain, for anybody who asks.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [directory = ''] = process.argv.slice(2);
let writes = 0;

async function put(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const md5 = createHash('md5');
  writes += 1;
  const unfinished = join(directory, `${writes}.unfinished`);
  const file = await open(unfinished, 'w');
  for await (const chunk of request as AsyncIterable<Buffer>) {
    md5.update(chunk);
    await file.write(chunk);
  }
  await file.datasync();
  await file.close();
  await rename(unfinished, path);
  const folder = await open(directory, 'r');
  await folder.sync();
  await folder.close();
  response.writeHead(200, { etag: `"${md5.digest('hex')}"`, 'content-length': 0 }).end();
}

async function get(response: ServerResponse, path: string): Promise<void> {
  response.writeHead(200, { 'content-length': (await stat(path)).size });
  await pipeline(createReadStream(path), response);
}

async function main(): Promise<void> {
  await mkdir(directory, { recursive: true });
  const server = createServer({ requestTimeout: 0, noDelay: true }, (request, response) => {
    const path = join(directory, encodeURIComponent(request.url ?? ''));
    (request.method === 'PUT' ? put(request, response, path) : get(response, path)).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` });
  });
  process.on('disconnect', () => process.exit(0));
}

void main();
