// Stock clients of Ethereum do their everyday work against a node of ours: viem as a program, cast as a person at a terminal.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localGenesis, openNode, type OlympusNode } from '@oort/ledger-node';
import { localParameters } from '@oort/schema';
import { devWallet } from '../loop/people';
import { JsonRpcProvider } from 'ethers';
import { compileToken } from './compile';

const clients = join(__dirname, 'clients');
const run = promisify(execFile);
const one = 10n ** 18n;

const installed = ((): boolean => {
  try {
    if (!existsSync(join(clients, 'node_modules'))) execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: clients, stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('viem and cast cannot be had here: their tests did not run\n');
    return false;
  }
})();

let directory: string;
let node: OlympusNode;
let url: string;
let token: ReturnType<typeof compileToken>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'oort-clients-'));
  node = await openNode({ directory: join(directory, 'olympus'), genesis: localGenesis(`0x${'11'.repeat(20)}`, localParameters) });
  ({ url } = await node.listen({ port: 0 }));
  token = compileToken();
});

afterAll(async () => {
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

function keyOf(index: number): string {
  return devWallet(index, new JsonRpcProvider(url, undefined, { staticNetwork: true })).privateKey;
}

(installed ? test : test.skip)('viem sends, deploys, reads, writes, simulates, watches, and understands what is refused', async () => {
  const file = join(directory, 'token.json');
  writeFileSync(file, JSON.stringify(token));
  const { stdout } = await run(process.execPath, [join(clients, 'everyday.mjs'), url, file, keyOf(3)], { timeout: 50_000 });
  expect(JSON.parse(stdout)).toEqual({
    transfer: { status: 'success', gasUsed: '21000', balance: (2n * one).toString() },
    fees: true, feeHistory: true, deployed: true, name: 'Everyday', tokens: (7n * one).toString(),
    batched: Array.from({ length: 3 }, () => (1000n * one).toString()), logs: true, block: true, sameBlock: true,
    revert: 'ERC20InsufficientBalance', nonce: 'NonceTooLowError', funds: 'InsufficientFundsError', signed: true,
    watched: { polled: 1, pushed: 1, heads: true },
  });
});

(installed ? test : test.skip)('cast sends, deploys, calls, finds logs and explains a refusal', async () => {
  // Its npm wrapper ends with 0 whatever happens, so a refusal is read from stderr.
  const cast = async (...commandLine: readonly string[]): Promise<string> => {
    const asked = commandLine.includes('--rpc-url') ? commandLine : [...commandLine, '--rpc-url', url];
    const { stdout, stderr } = await run(join(clients, 'node_modules', '.bin', 'cast'), asked, { timeout: 20_000 });
    return stdout.trim() === '' ? stderr : stdout.trim();
  };
  const key = ['--private-key', keyOf(4)];
  const to = `0x${'42'.repeat(20)}`;
  const sent = JSON.parse(await cast('send', to, '--value', '3ether', '--json', ...key)) as { readonly status: string };
  expect(sent.status).toBe('0x1');
  expect(await cast('balance', to, '--ether')).toBe('3.000000000000000000');
  const supply = (1000n * one).toString(16).padStart(64, '0');
  const deployed = JSON.parse(await cast('send', '--json', ...key, '--rpc-url', url, '--create', `${token.bytecode}${supply}`)) as { readonly contractAddress: string };
  expect(await cast('call', deployed.contractAddress, 'symbol()(string)')).toBe('"DAY"');
  await cast('send', deployed.contractAddress, 'transfer(address,uint256)', to, '5', ...key);
  expect(await cast('call', deployed.contractAddress, 'balanceOf(address)(uint256)', to)).toBe('5');
  const logs = await cast('logs', '--from-block', '0', '--to-block', 'latest', '--address', deployed.contractAddress, 'Transfer(address,address,uint256)', '--json');
  expect(JSON.parse(logs)).toHaveLength(2);
  expect(Number(await cast('block-number'))).toBeGreaterThan(0);
  expect(await cast('chain-id')).toBe('97031');
  expect(await cast('nonce', `0x${'42'.repeat(20)}`)).toBe('0');
  expect(await cast('gas-price')).toBe('1000000000');
  expect(await cast('send', deployed.contractAddress, 'transfer(address,uint256)', to, `${2000n * one}`, ...key)).toMatch(/ERC20InsufficientBalance|0xe450d38c/);
});
