// The embedded store behind its wire, in a process that can be killed: DIRECTORY PORT. It says its URL when it is there.
import { openEmbeddedStore } from '@oort/kernel-eventstore';
import { serveEventStore } from '@oort/kernel-eventstore-grpc';

async function main([directory = '', port = '0']: readonly string[]): Promise<void> {
  const server = await serveEventStore({ store: await openEmbeddedStore({ directory }), port: Number(port) });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url: server.url, port: server.port });
}

void main(process.argv.slice(2));
