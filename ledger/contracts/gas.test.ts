import { readFileSync } from 'node:fs';
import { gasPage, pageOf } from './gas';
import { gasCosts, gasTable } from './gas-costs';

it('is what the page says', async () => {
  expect(readFileSync(gasPage, 'utf8')).toBe(pageOf(gasTable(await gasCosts())));
}, 60_000);
