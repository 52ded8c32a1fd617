// s3rver in a process of its own: an S3 server for tests that keeps one copy in files and flushes nothing.
import { peerModule } from './peers';

interface S3rver { run(): Promise<{ readonly port: number }> }
type S3rverClass = new (options: {
  readonly port: number; readonly address: string; readonly silent: boolean; readonly directory: string; readonly configureBuckets: readonly { readonly name: string }[];
}) => S3rver;

async function main(): Promise<void> {
  const [directory = '', bucket = ''] = process.argv.slice(2);
  process.on('disconnect', () => process.exit(0));
  const Server = peerModule<S3rverClass>('s3rver', 'peers/s3');
  if (Server === null) return void process.send?.({ url: '' });
  const { port } = await new Server({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket }] }).run();
  process.send?.({ url: `http://127.0.0.1:${port}` });
}

void main();
