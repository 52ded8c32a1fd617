// `oort audit officer`: whether the officer injects the phantoms that it owes, and opened what it had committed to on chain. It takes
// what everybody can read: the public feed, and the chain's own log.
import { Contract, id as keccakOfText, JsonRpcProvider } from 'ethers';
import { breaksPromise, chanceOfSoFew, officerTally, type OfficerTally, type Opening, type PublicEvent } from '@oort/algorithms-honesty';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson, Fault } from '@oort/kernel-wire';
import { contractAbis } from '@oort/schema';
import { queryPlatform } from './query-platform';
import { readOptions, UsageRefused } from './usage';

export class OfficerConvicted extends Fault {
  constructor(message: string) { super('OFFICER_CONVICTED', message); }
}

interface Page { readonly events: { readonly edges: readonly { readonly node: PublicEvent }[]; readonly pageInfo: { readonly endCursor: string | null } } }

const feedQuery = 'query Feed($after: String) { events(after: $after, first: 1000) { edges { node { type position data } } pageInfo { endCursor } } }';
const pageSize = 1000;
const audits: readonly string[] = ['VerdictReached', 'LeakSuspected', 'LeakCleared', 'BatchCommitted', 'BatchOpened', 'SlashProposed', 'PhantomOpened'];

/** Throws OfficerConvicted when its own openings speak against it. */
export async function auditOfficer(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, {
    platform: { type: 'string', default: 'http://127.0.0.1:4000' }, rpc: { type: 'string', default: 'http://127.0.0.1:8765' }, after: { type: 'string' },
  });
  const after = values.after ?? '-1';
  if (!/^(-1|\d{1,18})$/.test(after)) throw new UsageRefused('--after is a position of the feed');
  const events = await publicAudits(values.platform);
  const tally = officerTally(events, BigInt(after));
  const chain = new JsonRpcProvider(values.rpc);
  const { kept, broken } = await comparedWithChain(events, chain).finally(() => { chain.destroy(); });
  process.stdout.write(`${told(tally)}; ${String(kept.size)} opened batches have the root that the chain holds, ${String(broken.size)} another\n`);
  if (broken.size > 0) throw new OfficerConvicted(`${String(broken.size)} batches were opened otherwise than committed to`);
  if (breaksPromise(tally)) throw new OfficerConvicted(`it injects too few phantoms: a chance of ${chanceOfSoFew(tally).toExponential(1)}`);
}

function told({ tasks, phantoms, owed }: OfficerTally): string {
  return `${String(phantoms)} phantoms in ${String(tasks)} opened tasks, ${owed.toFixed(1)} owed`;
}

export async function publicAudits(platform: string, also: readonly string[] = []): Promise<readonly PublicEvent[]> {
  const found: PublicEvent[] = [];
  for (let after: string | null = null; ;) {
    const { events }: Page = await queryPlatform<Page>(platform, feedQuery, { after });
    found.push(...events.edges.map(({ node }) => node).filter(({ type }) => audits.includes(type) || also.includes(type)));
    if (events.edges.length < pageSize) return found;
    after = events.pageInfo.endCursor;
  }
}

/** Batches that the chain does not have yet count for neither. */
export async function comparedWithChain(events: readonly PublicEvent[], chain: JsonRpcProvider): Promise<{ readonly kept: ReadonlySet<string>; readonly broken: ReadonlySet<string> }> {
  const { HonestyCourt: court = '' } = await chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const logs = await new Contract(court, contractAbis.HonestyCourt, chain).queryFilter('BatchCommitted', 0);
  const roots = new Map(logs.flatMap((log) => ('args' in log ? [[String(log.args[0]), String(log.args[1])] as const] : [])));
  const [kept, broken] = [new Set<string>(), new Set<string>()];
  for (const { type, data } of events) {
    const batchId = String(data['batchId']);
    const root = type === 'BatchOpened' ? roots.get(keccakOfText(batchId)) : undefined;
    if (root === undefined) continue;
    (root === `0x${rootOf(data['openings'] as readonly Opening[])}` ? kept : broken).add(batchId);
  }
  return { kept, broken };
}

/** RFC 6962 over H(salt, task, expected answer's hash or zero, isPhantom) (subgraphs/audit/commitment.ts). */
function rootOf(openings: readonly Opening[]): string {
  return merkleRoot(openings.map(({ salt, taskId, expectedHash, isPhantom }) =>
    leafHash(Buffer.from(canonicalJson([salt, taskId, expectedHash ?? '0'.repeat(64), isPhantom]))))).toString('hex');
}
