// Proof of Honesty under load from every kind of node, beside BOINC's rule on the same faults.
// `npm run sim:honesty -- [--nodes 5000] [--jobs 2000] [--seed 1]`; exits with 1 when an aim is missed.
import { parseArgs } from 'node:util';
import { aimsOf } from './aims';
import { nodeClasses } from './nodes';
import { plot, table, told } from './print';
import { adaptiveReplication, proofOfHonesty } from './rules';
import { simulate, type Size } from './run';

const { values } = parseArgs({ options: {
  nodes: { type: 'string', default: '5000' }, jobs: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' },
} });
const size: Size = { nodes: Number(values.nodes), jobs: Number(values.jobs), seed: Number(values.seed) };

const ours = nodeClasses.map((of) => simulate(proofOfHonesty, of, size));
const theirs = nodeClasses.map((of) => simulate(adaptiveReplication, of, size));
const aims = aimsOf(ours);
process.stdout.write(`${size.nodes} nodes a class, ${size.jobs} jobs a node, seed ${size.seed}\n\n`);
process.stdout.write(`${table(nodeClasses.flatMap((_, index) => [ours[index], theirs[index]].filter((one) => one !== undefined)))}\n\n`);
process.stdout.write(`nodes slashed\n${plot(ours.filter(({ of }) => !of.honest), size.jobs)}\n\n${told(aims)}\n`);
process.exitCode = aims.every(({ holds }) => holds) ? 0 : 1;
