// What the everyday calls of the system contracts cost, measured on the compiled contracts: one story, always the same.
import { dataLength, encodeBytes32String, getBytes, id } from 'ethers';
import { localParameters, type ContractName } from '@oort/schema';
import { forker, forkTwins } from './fork-twins';
import { proofOf, rootOf } from './reward-leaves';
import { TestChain, account, platform } from './test-chain';

export interface GasCost { readonly contract: ContractName; readonly method: string; readonly gas: bigint }

const oort = 10n ** 18n;
const [operator, delegator, stranger, customer] = [account('operator'), account('delegator'), account('stranger'), account('customer')];
const leaves = [operator, delegator, stranger, customer].map((each) => ({ account: each, amount: oort }));
const discount = encodeBytes32String('tokenDiscountBps');

type Line = readonly [from: string, contract: ContractName, method: string, args: readonly unknown[], value?: bigint] | number;

/** Numbers are seconds that pass. */
const story: readonly Line[] = [
  [operator, 'StakingPools', 'createPool', [500], 10n * oort], [delegator, 'StakingPools', 'delegate', [operator], 5n * oort],
  [operator, 'StakingPools', 'addStake', [], oort], [delegator, 'StakingPools', 'requestExit', [operator, oort]],
  localParameters.poolExitSeconds, [delegator, 'StakingPools', 'withdraw', [operator]],
  [platform, 'HonestyCourt', 'commitBatch', [id('batch'), id('root'), 8]], [platform, 'HonestyCourt', 'openBatch', [id('batch'), id('openings')]],
  [platform, 'HonestyCourt', 'proposeSlash', [id('case'), operator, 1_000, id('evidence')]],
  localParameters.appealSeconds, [stranger, 'HonestyCourt', 'settle', [id('case')]],
  [customer, 'DefiPool', 'stake', [], oort],
  [stranger, 'Governance', 'propose', [discount, 7, 'cheaper'], oort], [operator, 'Governance', 'vote', [1, true]],
  localParameters.votingSeconds + localParameters.timelockSeconds, [customer, 'Governance', 'execute', [1]],
  [customer, 'DefiPool', 'unstake', [1_000_000n * oort]],
  [platform, 'Rewards', 'publish', [1, rootOf(leaves), 4n * oort], 4n * oort], [stranger, 'Rewards', 'claim', [operator, oort, proofOf(leaves, 0)]],
  [customer, 'Payments', 'pay', [id('invoice')], oort],
  [customer, 'Escrow', 'fund', [id('mission')], 4n * oort], [stranger, 'Escrow', 'fund', [id('mission')], oort],
  [platform, 'Escrow', 'release', [id('call'), id('mission'), delegator, oort]], [platform, 'Escrow', 'refund', [id('refund'), id('mission')]],
  [stranger, 'Escrow', 'withdrawRefund', [id('mission')]],
  [platform, 'Anchors', 'anchor', [7, id('root')]], [platform, 'Anchors', 'recordContent', [id('version'), id('content'), 1, customer, 7]],
  [platform, 'Anchors', 'recordTrainingRun', [id('run'), [id('dataset')], 1, 2, id('model'), id('manifest')]],
  [forker, 'StakingPools', 'createPool', [500], 10n * oort], [stranger, 'ForkCourt', 'report', forkTwins(1)],
  [platform, 'InsurancePool', 'payOut', [id('loss'), customer, oort]],
];

/** The first call of each method: what the transaction of a single call pays, before refunds. */
export async function gasCosts(): Promise<readonly GasCost[]> {
  const chain = await TestChain.open();
  for (const each of [operator, delegator, stranger, customer, platform, forker]) await chain.give(each, 100n * oort);
  const costs: GasCost[] = [];
  for (const line of story) {
    if (typeof line === 'number') {
      chain.pass(line);
      continue;
    }
    const [from, contract, method, args, value = 0n] = line;
    chain.forgetWarm();
    const before = chain.gasUsed;
    await chain.send(from, contract, method, args, value);
    const gas = chain.gasUsed - before + intrinsicGas(chain.interfaceOf(contract).encodeFunctionData(method, args));
    if (!costs.some((each) => each.contract === contract && each.method === method)) costs.push({ contract, method, gas });
  }
  return costs;
}

/** EIP-2028: 21,000 for the transaction, 4 for a zero byte of its data, 16 for another. */
function intrinsicGas(data: string): bigint {
  const zeros = getBytes(data).filter((byte) => byte === 0).length;
  return BigInt(21_000 + 4 * zeros + 16 * (dataLength(data) - zeros));
}

export function gasTable(costs: readonly GasCost[]): string {
  const rows = [...costs].sort((one, other) => one.contract.localeCompare(other.contract));
  return ['| contract | call | gas |', '| --- | --- | ---: |', ...rows.map(({ contract, method, gas }) => `| ${contract} | ${method} | ${gas.toLocaleString('en-US')} |`)].join('\n');
}
