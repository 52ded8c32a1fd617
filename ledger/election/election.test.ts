import fc from 'fast-check';
import { Wallet, id } from 'ethers';
import { liveParameters, parseApprove } from '@oort/ledger-chain';
import type { Address } from '@oort/ledger-chain';
import { electWitnesses } from './elect';
import { anchorMciOf, countedEpochOf } from './epochs';
import { drawTicket, ticketOutput } from './ticket';
import { shareReward, workHash } from './work';

const address = (seat: number): Address => `0x${seat.toString(16).padStart(40, '0')}`;
const approve = (seat: number, output: number): { from: Address; output: string; approve: string } =>
  ({ from: address(seat), output: `0x${output.toString(16).padStart(64, '0')}`, approve: id(String(seat)) });

test.each([[0, 0], [1, 0], [2, 100], [7, 600]])('the tickets of epoch %i draw from the trunk block at MCI %i', (epoch, mci) => {
  expect(anchorMciOf(epoch, 100)).toBe(mci);
});

test.each([[0, null], [1, null], [99, null], [100, 0], [101, null], [300, 2]])('MCI %i closes epoch %s', (mci, epoch) => {
  expect(countedEpochOf(mci, 100)).toBe(epoch);
});

describe('an election', () => {
  const all = [approve(1, 10), approve(2, 40), approve(3, 20), approve(4, 30), approve(5, 40)];
  const staked = new Set(all.map(({ from }) => from));

  test('takes the W largest outputs, equal ones by address', () => {
    expect(electWitnesses(all, staked, 4)).toEqual([2, 5, 4, 3].map(address));
  });
  test('drops those no longer staked', () => {
    expect(electWitnesses(all, new Set([1, 3, 4, 5].map(address)), 4)).toEqual([5, 4, 3, 1].map(address));
  });
  test('with fewer than W left keeps the old set', () => {
    expect(electWitnesses(all, new Set([1, 3].map(address)), 4)).toBeNull();
    expect(electWitnesses(all.slice(0, 3), staked, 4)).toBeNull();
  });
});

describe('a ticket', () => {
  const wallet = new Wallet(`0x${'41'.repeat(32)}`);
  const anchor = id('anchor');
  const raw = drawTicket(wallet.privateKey, { epoch: 3, anchor, chainId: 970 });

  test('comes from its candidate and draws the same value for everybody', () => {
    const parsed = parseApprove(raw, 970)!;
    expect([parsed.from, parsed.epoch]).toEqual([wallet.address.toLowerCase(), 3]);
    expect(ticketOutput(parsed, anchor)).toMatch(/^0x[0-9a-f]{64}$/);
    expect(ticketOutput(parseApprove(drawTicket(wallet.privateKey, { epoch: 4, anchor, chainId: 970 }), 970)!, anchor))
      .toBe(ticketOutput(parsed, anchor));
  });
  test('is worth nothing on another anchor, on another chain, or under another signature', () => {
    expect(ticketOutput(parseApprove(raw, 970)!, id('other'))).toBeNull();
    expect(parseApprove(raw, 971)).toBeNull();
    const stranger = drawTicket(`0x${'42'.repeat(32)}`, { epoch: 3, anchor, chainId: 970 });
    const stolen = { ...parseApprove(stranger, 970)!, proof: parseApprove(raw, 970)!.proof };
    expect(ticketOutput(stolen, anchor)).toBeNull();
  });
});

describe('the work of an epoch', () => {
  const elections = liveParameters().elections!;
  const unit = 10n ** 13n;

  test('is split by points and floored to 1e13 wei', () => {
    const { shares } = shareReward(1, new Map([[address(2), 3], [address(1), 3], [address(3), 1]]), elections);
    expect(shares).toEqual([
      { witness: address(1), points: 3, wei: 85_714_280_000_000_000_000n },
      { witness: address(2), points: 3, wei: 85_714_280_000_000_000_000n },
      { witness: address(3), points: 1, wei: 28_571_420_000_000_000_000n },
    ]);
  });
  test('never pays more than the reward, and loses less than a unit a witness', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 14 }), (points) => {
      const { shares } = shareReward(0, new Map(points.map((each, seat) => [address(seat), each])), elections);
      const paid = shares.reduce((sum, { wei }) => sum + wei, 0n);
      const reward = BigInt(elections.rewardWei);
      expect(paid <= reward && paid > reward - unit * BigInt(points.length)).toBe(true);
    }));
  });
  test('pays nobody where nobody wrote, and its hash says who was paid', () => {
    expect(shareReward(5, new Map(), elections)).toEqual({ epoch: 5, shares: [] });
    const one = shareReward(5, new Map([[address(1), 3]]), elections);
    expect(workHash(one)).not.toBe(workHash({ ...one, epoch: 6 }));
  });
});
