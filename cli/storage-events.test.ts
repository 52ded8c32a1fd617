import { createServer, type Server } from 'node:http';
import { printed } from './fixture-command';
import { storageEvents } from './storage-events';

let server: Server;
let url: string;
const asked: unknown[] = [];
const stop = new AbortController();

beforeAll(async () => {
  const pages = [
    { edges: [{ cursor: '3', node: { record: { eventName: 'ObjectCreated:Put' } } }], pageInfo: { hasNextPage: true, endCursor: '3' } },
    { edges: [], pageInfo: { hasNextPage: false, endCursor: '7' } },
    { edges: [{ cursor: '9', node: { record: { eventName: 'ObjectRemoved:Delete' } } }], pageInfo: { hasNextPage: false, endCursor: '9' } },
  ];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => { text += String(chunk); }).on('end', () => {
      asked.push([request.headers.authorization, (JSON.parse(text) as { readonly variables: unknown }).variables]);
      const page = pages.shift();
      if (pages.length === 0) stop.abort();
      response.end(JSON.stringify({ data: { bucketEvents: page } }));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});

afterAll(() => { server.close(); });

test('records come a line each, and following goes on from the cursor', async () => {
  const text = await printed(() => storageEvents(['--platform', url, '--token', 'T', '--bucket', 'b', '--follow'], stop.signal));
  expect(text).toBe('{"cursor":"3","record":{"eventName":"ObjectCreated:Put"}}\n{"cursor":"9","record":{"eventName":"ObjectRemoved:Delete"}}\n');
  expect(asked).toEqual([null, '3', '7'].map((after) => ['Bearer T', { bucket: 'b', destination: null, after }]));
});

test('what is missing is named', async () => {
  await expect(storageEvents(['--token', 'T'])).rejects.toThrow('--bucket is missing');
});
