// Writes the gas table into docs/GAS.md: `node --import tsx ledger/contracts/gas.ts`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gasCosts, gasTable } from './gas-costs';

export const gasPage = join(__dirname, '..', '..', 'docs', 'GAS.md');

export function pageOf(table: string): string {
  return `# What calls of the system contracts cost

Gas of a transaction with one such call, before refunds, in the story that \`ledger/contracts/gas-costs.ts\` tells: whoever is the first to write a
place of the state pays about 17,000 more for it than who comes later. At the local network's base fee of 1 gwei, 100,000 gas are 0.0001 OORT; at the live chain's fixed price
of 100 gwei, 0.01. \`node --import tsx ledger/contracts/gas.ts\` writes this page; a test measures again and compares.

${table}
`;
}

async function main(): Promise<void> {
  writeFileSync(gasPage, pageOf(gasTable(await gasCosts())));
}

if (require.main === module) void main();
