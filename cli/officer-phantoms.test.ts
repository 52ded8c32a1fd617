// What an officer composes: the same again after a restart, other for each period and key, and what the chain is shown bears out the root.
import { id, Wallet } from 'ethers';
import { phantomLeaf, phantomRoot } from '@oort/algorithms-honesty';
import { officerCommand } from './officer';
import { Phantoms, type OfficerModel } from './officer-phantoms';

const seat = { chainId: 33n, court: `0x${'0c'.repeat(20)}`, period: 7n, officer: `0x${'0f'.repeat(20)}` };
const models: readonly OfficerModel[] = ['one', 'two'].map((contentId) => ({ contentId, answer: (inputs) => Promise.resolve(inputs.flat().map((value) => 2 * value)) }));
const inputs = [[0, 0.25, 0.5, 1], [0, 0.1, 0.9, 1]];
const compose = (key = 'key', period = 7n): Promise<Phantoms> => Phantoms.compose(new Wallet(id(key)), { ...seat, period }, 6, models, inputs);

it('composes the same phantoms again, and others for another period or another key', async () => {
  const [once, again, later, other] = [await compose(), await compose(), await compose('key', 8n), await compose('other')];
  expect(again.all).toEqual(once.all);
  const specs = [once, later, other].flatMap(({ all }) => all.map(({ spec }) => JSON.stringify(spec)));
  expect(new Set(specs).size).toBe(18);
  expect(new Set(specs.map((spec) => (JSON.parse(spec) as { readonly modelContentId: string }).modelContentId))).toEqual(new Set(['one', 'two']));
  for (const { spec } of once.all) {
    expect(Object.keys(spec as object).sort()).toEqual(['input', 'modelContentId', 'nonce']);
    expect(inputs).not.toContainEqual((spec as { readonly input: readonly unknown[] }).input[0]);
  }
});

it('shows the chain what it committed to, with those shut that were not opened', async () => {
  const phantoms = await compose();
  const opened = new Set(phantoms.all.slice(0, 2).map(({ leaf }) => leaf));
  const shown = phantoms.shown(opened);
  expect(shown.filter(({ salt }) => BigInt(salt) !== 0n)).toHaveLength(2);
  expect(phantomRoot(shown.map((opening) => (BigInt(opening.salt) === 0n ? opening.task : phantomLeaf(seat, opening))))).toBe(phantoms.root);
});

it.each<[string, readonly string[], RegExp]>([
  ['no verb', [], /oort officer/], ['another verb', ['dance', '--key', 'x'], /oort officer/], ['no key', ['serve'], /--key is missing/], ['no such key', ['enrol', '--key', '/nowhere'], /holds no private key/],
])('refuses %s', async (_, line, why) => {
  await expect(officerCommand(line)).rejects.toThrow(why);
});
