// The served store in a process of its own, so that its CPU time is the server's alone: asked by a message, answered in microseconds.
import { openEmbeddedStore } from '@oort/kernel-eventstore';
import { serveEventStore } from '@oort/kernel-eventstore-grpc';

async function main(): Promise<void> {
  const [directory = ''] = process.argv.slice(2);
  const store = await openEmbeddedStore({ directory });
  const { url } = await serveEventStore({ store, port: 0 });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url });
}

void main();
