// Signed transactions of many accounts, thrown at a JSON-RPC door as fast as it takes them. The client's own work is done beforehand.
import { Interface, Wallet, id, toBeHex } from 'ethers';

export const gasPrice = 2_000_000_000n;
const accounts = 64;
const inBatch = 50;
/** Enough to keep both servers busy: one that answers when a transaction is on disk needs more under way than one that never flushes. */
const connections = 16;

export const senders: readonly Wallet[] = Array.from({ length: accounts }, (_, number) => new Wallet(id(`sender ${number}`)));
const erc20 = new Interface(['function transfer(address to, uint256 value) returns (bool)']);

export interface Load {
  /** One list an account, in the order of its nonces. */
  readonly raws: readonly (readonly string[])[];
  readonly untilNonce: number;
}

/** Each account pays its right neighbour. */
export async function plainTransfers(each: number, firstNonce: number, chainId: number): Promise<Load> {
  return signed(each, firstNonce, chainId, (to) => ({ to, value: 1n, gasLimit: 21_000n }));
}

export async function tokenTransfers(each: number, firstNonce: number, chainId: number, token: string): Promise<Load> {
  return signed(each, firstNonce, chainId, (to) => ({ to: token, data: erc20.encodeFunctionData('transfer', [to, 1n]), gasLimit: 80_000n }));
}

async function signed(
  each: number, firstNonce: number, chainId: number, call: (to: string) => { readonly to: string; readonly value?: bigint; readonly data?: string; readonly gasLimit: bigint },
): Promise<Load> {
  const raws = await Promise.all(senders.map((from, number) => {
    const to = (senders[(number + 1) % accounts] ?? from).address;
    return Promise.all(Array.from({ length: each }, (_, offset) => from.signTransaction({ ...call(to), nonce: firstNonce + offset, gasPrice, type: 0, chainId })));
  }));
  return { raws, untilNonce: firstNonce + each };
}

/** Transactions a second, from the first that is sent until the state of all of them is the latest. */
export async function throughput(url: string, { raws, untilNonce }: Load): Promise<number> {
  const batches: string[][] = [];
  // Round robin over the accounts, so that nobody's nonces leave a gap behind.
  for (let first = 0, most = Math.max(...raws.map(({ length }) => length)); first < most; first += 1) {
    for (const own of raws) {
      const raw = own[first];
      if (raw === undefined) continue;
      const last = batches.at(-1);
      if (last === undefined || last.length === inBatch) batches.push([raw]);
      else last.push(raw);
    }
  }
  const count = raws.reduce((sum, own) => sum + own.length, 0);
  const bodies = batches.map((batch) => JSON.stringify(batch.map((raw, number) => ({ jsonrpc: '2.0', id: number, method: 'eth_sendRawTransaction', params: [raw] }))));
  const started = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: connections }, async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const answers = await post(url, body) as readonly { readonly error?: { readonly message: string } }[];
      const refused = answers.find(({ error }) => error !== undefined && !/already (known|imported)/.test(error.message));
      if (refused !== undefined) throw new RangeError(refused.error?.message);
    }
  }));
  await reached(url, untilNonce, started + 180_000);
  return count / (performance.now() - started) * 1000;
}

async function reached(url: string, nonce: number, until: number): Promise<void> {
  const body = JSON.stringify(senders.map(({ address }, number) => ({ jsonrpc: '2.0', id: number, method: 'eth_getTransactionCount', params: [address, 'latest'] })));
  for (;;) {
    const answers = await post(url, body) as readonly { readonly result: string }[];
    if (answers.every(({ result }) => Number(result) >= nonce)) return;
    if (performance.now() > until) throw new RangeError(`the last transactions were not there after 180 s; nonces ${answers.map(({ result }) => Number(result)).join(' ')}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

/** A connection that was idle may be closed by the server at the moment when it is used again; the same bytes may safely be sent twice. */
export async function post(url: string, body: string): Promise<unknown> {
  const send = (): Promise<Response> => fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  return (await send().catch(send)).json();
}

export async function request(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const answer = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })) as { readonly result?: unknown; readonly error?: { readonly message: string } };
  if (answer.error !== undefined) throw new RangeError(`${method}: ${answer.error.message}`);
  return answer.result;
}

export const funds = toBeHex(10n ** 24n);
