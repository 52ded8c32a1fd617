// A node of a chain for the benchmark of throughput, as a process of its own: its options come as JSON on the command line.
import { openNode, type NodeOptions } from '@oort/ledger-node';

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as NodeOptions;
  const node = await openNode(options);
  const server = await node.listen({ port: 0 });
  process.send?.({ url: server.url, peer: node.peerAddress ?? '' });
}

void main();
