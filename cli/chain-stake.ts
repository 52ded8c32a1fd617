// `oort chain stake`: the pool behind a witness or a node, over JSON-RPC with the key in a file.
import { Contract, JsonRpcProvider, Wallet, formatEther, getAddress, isAddress, parseEther, type InterfaceAbi, type TransactionReceipt, type TransactionResponse } from 'ethers';
import { Fault, messageOf } from '@oort/kernel-wire';
import { artifact } from '@oort/ledger-contracts';
import { contractAbis, type ContractName } from '@oort/schema';
import { readKey } from './key-file';
import { readOptions, required, UsageRefused } from './usage';

export class StakeRefused extends Fault {
  constructor(what: string, reason: string) { super('STAKE_REFUSED', `${what} was refused: ${reason}`, { reason }); }
}

const usage = 'oort chain stake show|deposit|delegate|exit|withdraw|report';
const states = ['none', 'pending', 'candidate', 'witnessing', 'offline', 'exiting', 'exited'];
const finalWithinMs = 120_000;

export interface Chain { readonly provider: JsonRpcProvider; readonly addresses: Readonly<Record<string, string>> }

export async function chainStake(commandLine: readonly string[]): Promise<void> {
  const { values, positionals: [action = '', ...others] } = readOptions(commandLine, {
    rpc: { type: 'string', default: 'http://127.0.0.1:8765' }, key: { type: 'string' }, pool: { type: 'string' }, staker: { type: 'string' },
    amount: { type: 'string' }, commission: { type: 'string' }, block: { type: 'string' },
  });
  if (others.length > 0) throw new UsageRefused(`${others.join(' ')} is too much; ${usage}`);
  const provider = new JsonRpcProvider(values.rpc, undefined, { staticNetwork: true, pollingInterval: 200, cacheTimeout: -1 });
  try {
    const given = read(action, values);
    const chain = { provider, addresses: await addressesOf(provider, values.rpc) };
    process.stdout.write(`${JSON.stringify(await act(chain, action, given), null, 2)}\n`);
  } finally {
    provider.destroy();
  }
}

interface Given {
  readonly wallet: Wallet | null;
  readonly pool: string;
  readonly staker: string | null;
  readonly amount: bigint;
  readonly commission: number | null;
  readonly block: string;
}

/** Everything is looked at before anything is sent. */
function read(action: string, values: { readonly [name: string]: string | undefined }): Given {
  if (!['show', 'deposit', 'delegate', 'exit', 'withdraw', 'report'].includes(action)) throw new UsageRefused(`${usage}, not "${action}"`);
  const wallet = values['key'] === undefined ? null : new Wallet(readKey(values['key']));
  if (wallet === null && action !== 'show') throw new UsageRefused('--key is missing');
  const named = values['pool'] ?? (action === 'delegate' ? undefined : wallet?.address);
  const needsAmount = ['deposit', 'delegate', 'exit'].includes(action);
  return {
    wallet, amount: needsAmount ? oortOf(required(values['amount'], '--amount')) : 0n,
    pool: action === 'report' ? '' : addressOf(required(named, '--pool'), '--pool'),
    staker: values['staker'] === undefined ? wallet?.address ?? null : addressOf(values['staker'], '--staker'),
    commission: values['commission'] === undefined ? null : basisPointsOf(values['commission']),
    block: action === 'report' ? required(values['block'], '--block') : '',
  };
}

async function act(chain: Chain, action: string, given: Given): Promise<object> {
  const { wallet, pool, amount } = given;
  if (wallet === null || action === 'show') return show(chain, pool, given.staker);
  const pools = contractOf(chain, 'StakingPools', wallet);
  switch (action) {
    case 'deposit': await deposit(pools, given, wallet.address); break;
    case 'delegate': await send(pools, 'delegate', [pool], amount); break;
    case 'exit': await send(pools, 'requestExit', [pool, amount]); break;
    case 'withdraw': await send(pools, 'withdraw', [pool]); break;
    default: return report(chain, wallet, given.block);
  }
  return show(chain, pool, wallet.address);
}

/** The first deposit opens the pool, and says what part of rewards its operator keeps. */
async function deposit(pools: Contract, { pool, amount, commission }: Given, own: string): Promise<unknown> {
  if (pool !== own) throw new UsageRefused('deposit is for one\'s own pool; another is delegated to');
  const state = Number(((await pools.getFunction('stakeOf')(own)) as readonly bigint[])[4]);
  if (state === 0) return send(pools, 'createPool', [commission ?? 500], amount);
  if (commission !== null) throw new UsageRefused('the commission stands since the pool was opened');
  return send(pools, 'addStake', [], amount);
}

async function report(chain: Chain, wallet: Wallet, block: string): Promise<object> {
  const proof = (await chain.provider.send('olympus_forkProof', [block])) as { readonly witness: string; readonly blocks: readonly string[] } | null;
  if (proof === null) throw new StakeRefused('the report', `${block} is no final block of a fork`);
  await send(contractOf(chain, 'ForkCourt', wallet), 'report', proof.blocks);
  return show(chain, getAddress(proof.witness), null);
}

async function show({ provider, addresses }: Chain, pool: string, staker: string | null): Promise<object> {
  const pools = new Contract(addresses['StakingPools'] ?? '', contractAbis.StakingPools, provider);
  const [own = 0n, delegated = 0n, exiting = 0n, commission = 0n, state = 0n] = [...(await pools.getFunction('stakeOf')(pool)) as readonly bigint[]];
  const [held = 0n, heldUntil = 0n] = [...(await pools.getFunction('heldOf')(pool).catch(() => [])) as readonly bigint[]];
  const shown = {
    pool, state: states[Number(state)] ?? String(state), own: formatEther(own), delegated: formatEther(delegated), exiting: formatEther(exiting),
    commissionBasisPoints: Number(commission), ...(held === 0n ? {} : { heldForCases: formatEther(held), heldUntil: new Date(Number(heldUntil) * 1000).toISOString() }),
  };
  if (staker === null) return shown;
  const [leaving = 0n, availableAt = 0n] = [...(await pools.getFunction('exitOf')(pool, staker)) as readonly bigint[]];
  const delegation = staker === pool ? own : (await pools.getFunction('delegationOf')(pool, staker)) as bigint;
  return {
    ...shown, staker, stake: formatEther(delegation), leaving: formatEther(leaving),
    availableAt: availableAt === 0n ? null : new Date(Number(availableAt) * 1000).toISOString(), balance: formatEther(await provider.getBalance(staker)),
  };
}

/** Throws StakeRefused with the contract's own word for it, before anything is sent where that is possible. */
export async function send(contract: Contract, method: string, args: readonly unknown[], value = 0n): Promise<TransactionReceipt | null> {
  try {
    const sent = (await contract.getFunction(method)(...args, { value })) as TransactionResponse;
    const receipt: TransactionReceipt | null = await sent.wait(1, finalWithinMs);
    process.stderr.write(`final: ${sent.hash}, ${String(receipt?.gasUsed ?? 0n)} gas\n`);
    return receipt;
  } catch (error) {
    throw new StakeRefused(method, reasonOf(contract, error));
  }
}

function reasonOf(contract: Contract, error: unknown): string {
  const { data, shortMessage } = error as { readonly data?: unknown; readonly shortMessage?: string };
  const named = typeof data === 'string' && data.length >= 10 ? contract.interface.parseError(data) : null;
  return named === null ? shortMessage ?? messageOf(error) : `${named.name}(${named.args.map(String).join(', ')})`;
}

export function contractOf({ provider, addresses }: Chain, name: ContractName, wallet: Wallet): Contract {
  // The compiler's own interface, which names the errors too.
  return new Contract(addresses[name] ?? '', artifact().contracts[name]?.abi as InterfaceAbi, wallet.connect(provider));
}

export async function addressesOf(provider: JsonRpcProvider, url: string): Promise<Readonly<Record<string, string>>> {
  const found = (await provider.send('olympus_contracts', [])) as Readonly<Record<string, string>>;
  if (found['StakingPools'] === undefined) throw new UsageRefused(`the chain at ${url} has no StakingPools`);
  return found;
}

export function addressOf(text: string, name: string): string {
  if (!isAddress(text)) throw new UsageRefused(`${name} is an address, not "${text}"`);
  return getAddress(text);
}

function oortOf(text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text) || parseEther(text) === 0n) throw new UsageRefused(`--amount is OORT above 0, as 25 or 0.5, not "${text}"`);
  return parseEther(text);
}

function basisPointsOf(text: string): number {
  const points = Number(text);
  if (!Number.isInteger(points) || points < 0 || points > 10_000) throw new UsageRefused(`--commission is 0 to 10000 basis points, not "${text}"`);
  return points;
}
