// Staking from the command line, as the operator of a witness and a delegator do it, on a chain of their own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentWallet, localGenesis, openNode, type OlympusNode } from '@oort/ledger-node';
import { localParameters } from '@oort/schema';
import { chainStake } from './chain-stake';
import { printed } from './fixture-command';

const directory = mkdtempSync(join(tmpdir(), 'oort-stake-'));
const [operator, delegator] = [developmentWallet(1), developmentWallet(2)];
const [operatorKey, delegatorKey] = [join(directory, 'operator.key'), join(directory, 'delegator.key')];
let node: OlympusNode;
let rpc = '';

beforeAll(async () => {
  writeFileSync(operatorKey, operator.privateKey, { mode: 0o600 });
  writeFileSync(delegatorKey, delegator.privateKey, { mode: 0o600 });
  node = await openNode({ directory, genesis: localGenesis(developmentWallet(8).address, { ...localParameters, poolExitSeconds: 0 }) });
  rpc = (await node.listen({ port: 0 })).url;
}, 60_000);

afterAll(async () => {
  await node.close();
  rmSync(directory, { recursive: true });
});

async function stake(...commandLine: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await printed(() => chainStake([...commandLine, '--rpc', rpc]))) as Record<string, unknown>;
}

test('a pool is opened, delegated to, and left again', async () => {
  expect(await stake('deposit', '--amount', '12.5', '--commission', '700', '--key', operatorKey)).toMatchObject({ state: 'pending', own: '12.5', commissionBasisPoints: 700 });
  expect(await stake('delegate', '--pool', operator.address, '--amount', '3', '--key', delegatorKey)).toMatchObject({ delegated: '3.0', stake: '3.0', staker: delegator.address });
  expect(await stake('exit', '--pool', operator.address, '--amount', '1', '--key', delegatorKey)).toMatchObject({ delegated: '2.0', leaving: '1.0' });
  expect(await stake('withdraw', '--pool', operator.address, '--key', delegatorKey)).toMatchObject({ leaving: '0.0', exiting: '0.0' });
  expect(await stake('show', '--pool', operator.address)).toMatchObject({ own: '12.5', delegated: '2.0' });
}, 180_000);

test.each([
  [['deposit', '--amount', '0', '--key', operatorKey], /--amount is OORT above 0/],
  [['sell', '--key', operatorKey], /show\|deposit\|delegate/],
  [['exit', '--amount', '1'], /--key is missing/],
  [['delegate', '--pool', '0x12', '--amount', '1', '--key', delegatorKey], /--pool is an address/],
  [['exit', '--pool', developmentWallet(3).address, '--amount', '1', '--key', delegatorKey], /requestExit was refused: NoPool\(\)/],
  [['report', '--block', `0x${'00'.repeat(32)}`, '--key', delegatorKey], /is no final block of a fork/],
])('%j is refused in one line', async (commandLine, line) => {
  await expect(stake(...commandLine)).rejects.toThrow(line);
}, 60_000);
