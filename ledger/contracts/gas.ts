// Writes the gas table into docs/GAS.md: `node --require tsx/cjs ledger/contracts/gas.ts`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gasCosts, gasTable } from './gas-costs';

export const gasPage = join(__dirname, '..', '..', 'docs', 'GAS.md');

export function pageOf(table: string): string {
  return `# What calls of the system contracts cost

Gas of a transaction with one such call, before refunds, in the story that \`ledger/contracts/gas-costs.ts\` tells: whoever is the first to write a
place of the state pays about 17,000 more for it than who comes later. At the local network's base fee of 1 gwei, 100,000 gas are 0.0001 OORT; at the live chain's fixed price
of 100 gwei, 0.01. \`node --require tsx/cjs ledger/contracts/gas.ts\` writes this page; a test measures again and compares.

${table}

\`LeafCourt.answer\` shows a leaf of 4 KiB of a piece of 1 MiB among 1,000 pieces: 65,000 of it are the leaf's bytes in the transaction.
\`OfficerCourt.showTicket\` verifies a proof of the VRF, \`showPhantoms\` is of 16, \`answer\` of one among 18 tasks.

## The largest case

A bench of 256 jurors, juries of 7, 15, 31 and 63, each drawn three times, the last one without a verdict: \`node --require tsx/cjs ledger/contracts/jury-gas.ts\`
measures it in half a minute (without the 21,000 and the data of a transaction). Jurors and parties estimate their gas; the platform, which moves cases on,
gives 17,000,000 to \`draw\`, \`close\` and \`conclude\` and 5,000,000 to everything else. A transaction may take 50,000,000.

| call | most gas |
| --- | ---: |
| enrol, as the 256th | 741,899 |
| commitVote | 116,911 |
| revealVote | 127,854 |
| appeal | 159,873 |
| draw of 7, 15, 31, 63 | 3,647,396, 4,448,353, 5,715,775, 8,357,598 |
| close | 93,286 |
| close or conclude that ends the case: 348 seats are paid or fined | 6,814,410 |
`;
}

async function main(): Promise<void> {
  writeFileSync(gasPage, pageOf(gasTable(await gasCosts())));
}

if (require.main === module) void main();
