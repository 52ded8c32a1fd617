// What the largest case costs: a full bench, every jury drawn as often as it may be, every appeal made. Measured by hand, since it takes
// half a minute: `node --require tsx/cjs ledger/contracts/jury-gas.ts`; docs/GAS.md tells the figures, and the platform's gas limits rest on them.
import { AbiCoder, id, keccak256 } from 'ethers';
import { publicParameters } from '@oort/schema';
import { Reverted, TestChain, account, platform, type Log } from './test-chain';

const oort = 10n ** 18n;
const bench = 256;
const attempts = 3;
const caseId = id('case');
const accused = account('accused');
const parameters = { ...publicParameters, fullPoolWei: 10n ** 30n };
const { jurySeconds, jurorDepositWei, poolOwnMinimumWei, appealBondWei } = parameters;

class Measured {
  readonly most = new Map<string, bigint>();

  private constructor(readonly chain: TestChain) {}

  static async open(): Promise<Measured> {
    const chain = await TestChain.open(parameters);
    const jurors = Array.from({ length: bench }, (_, index) => account(`juror ${index}`));
    for (const each of [accused, platform, ...jurors]) await chain.give(each, 10_000_000n * oort);
    for (const each of [accused, ...jurors]) await chain.send(each, 'StakingPools', 'createPool', [0], poolOwnMinimumWei);
    const measured = new Measured(chain);
    for (const each of jurors) await measured.send('enrol', each, [each], jurorDepositWei);
    return measured;
  }

  /** Without the 21,000 and the data of the transaction. */
  async send(method: string, from = platform, args: readonly unknown[] = [caseId], value = 0n, name = method): Promise<readonly Log[]> {
    this.chain.forgetWarm();
    const before = this.chain.gasUsed;
    const logs = await this.chain.send(from, 'JuryCourt', method, args, value);
    const gas = this.chain.gasUsed - before;
    if (gas > (this.most.get(name) ?? 0n)) this.most.set(name, gas);
    return logs;
  }
}

/** Of the votes one more than half is shown in the last attempt, half in those before. */
async function jury(measured: Measured, size: number, last: boolean): Promise<void> {
  measured.chain.number += 3n;
  const [drawn] = await measured.send('draw', platform, [caseId], 0n, `draw of ${size}`);
  const voters = [...drawn?.args['jurors'] as readonly string[]].slice(0, Math.floor(size / 2) + (last ? 1 : 0));
  const [root, salt] = [id('root'), id('salt')];
  const coder = AbiCoder.defaultAbiCoder();
  for (const [index, voter] of voters.entries()) {
    const sealed = keccak256(coder.encode(['bytes32', 'uint256', 'address', 'bool', 'bytes32', 'bytes32'], [caseId, drawn?.args['round'], voter, index % 2 === 0, root, salt]));
    await measured.send('commitVote', voter, [caseId, sealed]);
  }
  measured.chain.pass(jurySeconds);
  for (const [index, voter] of voters.entries()) await measured.send('revealVote', voter, [caseId, index % 2 === 0, root, salt]);
  measured.chain.pass(jurySeconds);
}

async function main(): Promise<void> {
  const measured = await Measured.open();
  await measured.chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, accused, 10_000, id('evidence')]);
  await measured.send('summon');
  for (let size = 7; size <= 63; size = size * 2 + 1) {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      await jury(measured, size, attempt === attempts && size < 63);
      // The third failure of the last jury ends the case, and pays and fines everybody that ever sat in it.
      await measured.send('close', platform, [caseId], 0n, size === 63 && attempt === attempts ? 'close that concludes' : 'close');
    }
    if (size === 63) break;
    const bond = appealBondWei * BigInt(size * 2 + 1) / 7n;
    await measured.send('appeal', accused, [caseId], bond).catch((error: unknown) => {
      if (error instanceof Reverted) return measured.send('appeal', platform, [caseId], bond);
      throw error;
    });
  }
  for (const [name, gas] of measured.most) process.stdout.write(`| ${name} | ${gas.toLocaleString('en-US')} |\n`);
}

if (require.main === module) void main();
