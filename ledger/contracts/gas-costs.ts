// What the everyday calls of the system contracts cost, measured on the compiled contracts: one story, always the same.
import { AbiCoder, dataLength, encodeBytes32String, getBytes, id, keccak256, Wallet } from 'ethers';
import { commitPiece, InventoryTree, provePiece } from '@oort/algorithms-possession';
import { localParameters, type ContractName } from '@oort/schema';
import { Batch, keyOf, Phantoms, ticketOf } from './officer-deeds';
import { forker, forkTwins } from './fork-twins';
import { proofOf, rootOf } from './reward-leaves';
import { TestChain, account, platform } from './test-chain';

export interface GasCost { readonly contract: ContractName; readonly method: string; readonly gas: bigint }

const oort = 10n ** 18n;
const [operator, delegator, stranger, customer] = [account('operator'), account('delegator'), account('stranger'), account('customer')];
const leaves = [operator, delegator, stranger, customer].map((each) => ({ account: each, amount: oort }));
const discount = encodeBytes32String('tokenDiscountBps');

type Line = readonly [from: string, contract: ContractName, method: string, args: readonly unknown[], value?: bigint] | number;

const node = new Wallet(id('the key of a node'));
const jurors = ['one', 'two', 'three'].map((name) => account(`juror ${name}`));
const heard = id('a case for a jury');
const sealed = (juror: string): string => keccak256(AbiCoder.defaultAbiCoder().encode(['bytes32', 'uint256', 'address', 'bool', 'bytes32', 'bytes32'], [heard, 0, juror, true, id('root'), id('salt')]));
const each = (line: (juror: string) => Line): readonly Line[] => jurors.map(line);

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
  ...each((juror) => [juror, 'StakingPools', 'createPool', [500], 10n * oort]), ...each((juror) => [juror, 'JuryCourt', 'enrol', [juror], localParameters.jurorDepositWei]),
  [stranger, 'JuryCourt', 'give', [], oort], [platform, 'HonestyCourt', 'proposeSlash', [heard, operator, 5_000, id('evidence')]],
  [operator, 'HonestyCourt', 'appeal', [heard], localParameters.appealBondWei],
  1, [stranger, 'JuryCourt', 'summon', [heard]], 1, 1, 1, [stranger, 'JuryCourt', 'draw', [heard]],
  ...each((juror) => [juror, 'JuryCourt', 'commitVote', [heard, sealed(juror)]]), ...each((juror) => [juror, 'JuryCourt', 'revealVote', [heard, true, id('root'), id('salt')]]),
  [stranger, 'JuryCourt', 'close', [heard]], localParameters.appealSeconds, [stranger, 'JuryCourt', 'conclude', [heard]],
  ...each((juror) => [juror, 'JuryCourt', 'claim', []]), ...each((juror) => [juror, 'JuryCourt', 'resign', []]),
  [operator, 'LeafCourt', 'enlist', [node.address]],
];

/** A thousand pieces, of which two leaves are disputed: one is shown, the other never. */
async function disputes(chain: TestChain, record: (line: Line) => Promise<void>): Promise<void> {
  const bytes = Buffer.from(Uint8Array.from({ length: 2 ** 20 }, (_, at) => (at * 31 + (at >> 8)) & 255));
  const tree = new InventoryTree(Array.from({ length: 1_000 }, (_, index) => {
    const name = `piece_${String(index).padStart(26, '0')}`;
    return { pieceId: name, ...(index === 500 ? commitPiece(bytes) : { root: id(name).slice(2), leaves: 256 }) };
  }));
  const made = { pool: operator, node: node.address, root: `0x${tree.root}`, leaves: tree.leaves, madeAt: Number(chain.time) };
  const inventory = String((await chain.view('LeafCourt', 'inventoryId', [made]))[0]);
  const index = 500 * 256 + 77;
  const found = tree.locate(index);
  if (found === null) return;
  const disputed = async (leaf: number): Promise<string> => String((await chain.view('LeafCourt', 'disputeId', [inventory, leaf]))[0]);
  for (const leaf of [index, 3]) await record([stranger, 'LeafCourt', 'dispute', [made, await node.signMessage(getBytes(inventory)), leaf], localParameters.leafBondWei]);
  const { leaf, path } = provePiece(bytes, found.leaf);
  await record([stranger, 'LeafCourt', 'answer', [
    await disputed(index), { id: found.piece.pieceId, root: `0x${found.piece.root}`, leaves: found.piece.leaves },
    tree.pathOf(found.piece).map(({ hash, sum, left }) => ({ hash: `0x${hash}`, sum, left })), `0x${Buffer.from(leaf, 'base64').toString('hex')}`, path.map((hash) => `0x${hash}`),
  ]]);
  chain.pass(localParameters.leafAnswerSeconds);
  await record([stranger, 'LeafCourt', 'convict', [await disputed(3)]]);
}

/** Two officers of whom one serves; of its phantoms one is doubted and found, another was never sent. */
async function office(chain: TestChain, record: (line: Line) => Promise<void>): Promise<void> {
  const { officerDepositWei, officerBondWei, officerDrawSeconds, officerPeriodSeconds, officerShowSeconds, officerDisputeSeconds } = localParameters;
  const [busy = '', idle = '', leaving = ''] = jurors;
  for (const officer of jurors) await record([officer, 'OfficerCourt', 'enrol', keyOf(officer), officerDepositWei]);
  await record([leaving, 'OfficerCourt', 'resign', []]);
  await record([leaving, 'OfficerCourt', 'withdrawDeposit', []]);
  const period = async (number: bigint, who: readonly string[]): Promise<void> => {
    await record([stranger, 'OfficerCourt', 'open', []]);
    chain.number += 2n;
    await record([stranger, 'OfficerCourt', 'keepSeed', []]);
    for (const officer of who) await record([officer, 'OfficerCourt', 'showTicket', await ticketOf(chain, officer)]);
    chain.pass(officerDrawSeconds);
    const phantoms = new Phantoms(chain, busy, number, 16);
    await record([busy, 'OfficerCourt', 'commitPhantoms', [busy, phantoms.root, 16]]);
    const batch = new Batch(id(`batch ${number}`), phantoms.leaves);
    await record([platform, 'HonestyCourt', 'commitBatch', [batch.batchId, batch.root, 18]]);
    chain.pass(officerPeriodSeconds);
    await record([busy, 'OfficerCourt', 'showPhantoms', [busy, number, phantoms.shown()]]);
    const leaf = phantoms.leaves[5] ?? '';
    await record([stranger, 'OfficerCourt', 'dispute', [busy, number, leaf, 5, phantoms.path(5)], officerBondWei]);
    if (number === 1n) await record([busy, 'OfficerCourt', 'answer', [leaf, ...batch.sent(leaf)]]);
    chain.pass(officerDisputeSeconds);
    if (number === 1n) await record([busy, 'OfficerCourt', 'claimWage', [busy, number]]);
    else await record([stranger, 'OfficerCourt', 'convict', [leaf]]);
  };
  await record([platform, 'OfficerCourt', 'give', [], oort]);
  await period(1n, [busy, idle]);
  chain.pass(officerShowSeconds);
  await record([stranger, 'OfficerCourt', 'lapse', [idle, 1n]]);
  await record([busy, 'OfficerCourt', 'takeEarned', []]);
  await period(2n, [busy]);
}

/** The first call of each method: what the transaction of a single call pays, before refunds. */
export async function gasCosts(): Promise<readonly GasCost[]> {
  const chain = await TestChain.open();
  for (const person of [operator, delegator, stranger, customer, platform, forker, ...jurors]) await chain.give(person, 100n * oort);
  const costs: GasCost[] = [];
  const record = async (line: Line): Promise<void> => {
    if (typeof line === 'number') return chain.pass(line);
    const [from, contract, method, args, value = 0n] = line;
    chain.forgetWarm();
    const before = chain.gasUsed;
    await chain.send(from, contract, method, args, value);
    const gas = chain.gasUsed - before + intrinsicGas(chain.interfaceOf(contract).encodeFunctionData(method, args));
    if (!costs.some((known) => known.contract === contract && known.method === method)) costs.push({ contract, method, gas });
  };
  for (const line of story) await record(line);
  await disputes(chain, record);
  await office(chain, record);
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
