// The chain's JSON-RPC over HTTP and WebSocket: each wrong call has the error object of JSON-RPC 2.0, section 5.1.
import WebSocket from 'ws';
import type { Report } from '../loop/report';
import type { LoopContext } from '../loop/step';
import { fault, tell, tellBrokenHttp, type Finding } from './probe';

const call = (method: unknown, params: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const odd: readonly unknown[] = [
  [], [null], [7], ['x'], [{}], ['0x'], ['0xzz'], [`0x${'f'.repeat(65)}`], [[]], ['latest', 'latest', 'latest'], [`0x${'0'.repeat(40)}`, 'someday'], [{ to: 'x', data: 7 }, 'latest'],
  [{ from: `0x${'0'.repeat(40)}`, to: `0x${'0'.repeat(40)}`, value: '-0x1', gas: `0x${'f'.repeat(80)}` }], [{ fromBlock: '0x5', toBlock: '0x1' }], [{ fromBlock: 'x', topics: 'y' }],
  [{ address: ['x'], topics: [[['z']]] }], 'no list', { a: 1 }, 7,
];
const methods = [
  'eth_chainId', 'eth_blockNumber', 'eth_getBalance', 'eth_getCode', 'eth_getStorageAt', 'eth_getTransactionCount', 'eth_getTransactionByHash', 'eth_getTransactionReceipt',
  'eth_getBlockByNumber', 'eth_getBlockByHash', 'eth_getLogs', 'eth_call', 'eth_estimateGas', 'eth_gasPrice', 'eth_feeHistory', 'eth_sendRawTransaction', 'eth_newFilter',
  'eth_getFilterChanges', 'eth_uninstallFilter', 'eth_subscribe', 'eth_unsubscribe', 'net_version', 'web3_clientVersion', 'web3_sha3', 'olympus_contracts', 'olympus_status', 'debug_traceTransaction',
  'admin_peers', 'personal_sign', 'eth_sign', 'eth_accounts', '', '__proto__', 'constructor', 'toString',
];
const broken = ['', '{', '[]', 'null', '7', '"x"', '[7,null,{}]', '{"method":7}', '{"jsonrpc":"1.0","id":{},"method":"eth_chainId"}', `[${Array.from({ length: 5000 }, () => call('eth_chainId', [])).join(',')}]`, '['.repeat(100_000), call(7, []), call(null, [])];

export async function wrongAtChain({ urls, chain }: LoopContext, report: Report): Promise<void> {
  const head = await chain.getBlockNumber();
  const messages = [...broken, ...methods.flatMap((method) => odd.map((params) => call(method, params)))];
  const findings: Finding[] = [];
  for (const message of messages) {
    const response = await fetch(urls.chain, { method: 'POST', headers: { 'content-type': 'application/json' }, body: message });
    const why = wrong(response.status, await response.text());
    if (why !== null) findings.push({ said: message.slice(0, 120), why });
  }
  tell(report, 'chain: wrong calls get JSON-RPC\'s error object', messages.length, findings);
  const overSocket = await talk(urls.chain.replace(/^http/, 'ws'), [...broken, ...methods.map((method) => call(method, [null]))]);
  report.check('chain: the same over a WebSocket, which stays open', overSocket);
  await tellBrokenHttp(report, 'chain', urls.chain, '/');
  report.check('chain: it goes on', await chain.getBlockNumber() >= head && (await chain.send('eth_chainId', [])) !== null);
}

function wrong(status: number, text: string): string | null {
  const why = fault({ status, text }, () => true);
  if (why !== null) return why;
  return /"code":-32603/.test(text) ? `an internal error: ${text.slice(0, 200)}` : null;
}

/** True when the last question, a right one, is still answered. */
function talk(url: string, messages: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const timer = setTimeout(() => { socket.terminate(); resolve(false); }, 10_000);
    const done = (held: boolean): void => { clearTimeout(timer); socket.terminate(); resolve(held); };
    socket.on('open', () => {
      for (const message of messages) socket.send(message);
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'last', method: 'eth_chainId', params: [] }));
    });
    socket.on('message', (data: Buffer) => { if (data.toString().includes('"last"')) done(true); });
    socket.on('error', () => { done(false); });
    socket.on('close', () => { done(false); });
  });
}
