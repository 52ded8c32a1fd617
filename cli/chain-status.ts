import { JsonRpcProvider } from 'ethers';
import { readOptions } from './usage';

export async function chainStatus(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { rpc: { type: 'string', default: 'http://127.0.0.1:8765' } });
  const provider = new JsonRpcProvider(values.rpc, undefined, { staticNetwork: true });
  const status = await provider.send('status', []) as object;
  process.stdout.write(`${JSON.stringify({ chainId: Number(await provider.send('eth_chainId', [])), ...status }, null, 2)}\n`);
  provider.destroy();
}
