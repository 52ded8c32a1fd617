// `oort juror`: a pool's seat on the bench of jurors, and the votes of it. It takes what everybody can read, the chain and the public
// feed, and checks an accusation by itself; whatever it cannot check it dismisses.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AbiCoder, Contract, id as keccakOfText, JsonRpcProvider, keccak256, Wallet, type ContractTransactionResponse } from 'ethers';
import { judgeAccusation, type Opinion, type PublicEvent } from '@oort/algorithms-honesty';
import { verifySignature } from '@oort/kernel-identity';
import { Fault, type Json } from '@oort/kernel-wire';
import { contractAbis } from '@oort/schema';
import { comparedWithChain, publicAudits } from './audit-officer';
import { queryPlatform } from './query-platform';
import { readOptions, UsageRefused } from './usage';

export class JurorRefused extends Fault {
  constructor(message: string) { super('JUROR_REFUSED', message); }
}

interface Case { readonly id: string; readonly nodeId: string; readonly status: string; readonly evidence: Json | null; readonly juries: readonly { readonly round: number }[] }

export interface JurorOptions {
  /** Of the pool, or of the key that the pool lets vote. */
  readonly wallet: Wallet;
  readonly platform: string;
  /** Told of each vote. */
  say(line: string): void;
}

const pollMs = 1_000;
/** What a commitment may take to get into a block. */
const timeToVoteMs = 10_000;
const voting = 2n;
const casesQuery = 'query Cases { honestyCases { id nodeId status evidence juries { round } } }';
const nodeQuery = 'query Node($id: ID!) { node(id: $id) { publicKey operator } }';
const coder = AbiCoder.defaultAbiCoder();

export async function jurorCommand(commandLine: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(commandLine, {
    key: { type: 'string' }, voter: { type: 'string' }, platform: { type: 'string', default: 'http://127.0.0.1:4000' }, rpc: { type: 'string', default: 'http://127.0.0.1:8765' },
  });
  if (values.key === undefined) throw new UsageRefused('--key FILE with the private key in hex is needed');
  const chain = new JsonRpcProvider(values.rpc);
  try {
    const wallet = new Wallet(readFileSync(values.key, 'utf8').trim(), chain);
    const say = (line: string): void => { process.stdout.write(`${line}\n`); };
    const [verb] = positionals;
    if (verb === 'enrol') return await enrolJuror(wallet, values.voter ?? wallet.address);
    if (verb === 'resign') return await sent((await juriesOf(wallet)).getFunction('resign')());
    if (verb === 'serve') return await serveJuror({ wallet, platform: values.platform, say }, untilStopped());
    throw new UsageRefused('oort juror enrol|serve|resign --key FILE');
  } finally {
    chain.destroy();
  }
}

/** Puts the deposit down. The wallet is the pool's. */
export async function enrolJuror(wallet: Wallet, voter: string): Promise<void> {
  const juries = await juriesOf(wallet);
  const deposit = await juries.getFunction('deposit').staticCall() as bigint;
  await sent(juries.getFunction('enrol')(voter, { value: deposit }));
}

/** Votes in every jury that the key sits in, until the signal. What it has voted is on the chain, so it keeps nothing: its salts are
 *  signatures of its own key (RFC 6979), and the same again after a restart. */
export async function serveJuror({ wallet, platform, say }: JurorOptions, signal: AbortSignal): Promise<void> {
  const juries = await juriesOf(wallet);
  const pool = await poolOf(juries, wallet.address);
  const opinions = new Map<string, Opinion>();
  while (!signal.aborted) {
    // A platform or a chain that does not answer is asked again.
    const { honestyCases } = await queryPlatform<{ readonly honestyCases: readonly Case[] }>(platform, casesQuery).catch(() => ({ honestyCases: [] }));
    for (const found of honestyCases.filter(({ status }) => status === 'with-jury' || status === 'proposed')) {
      await vote({ juries, wallet, pool, platform, found, opinions, say }).catch((error: unknown) => {
        say(`${found.id}: not voted: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`);
      });
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

interface Vote {
  readonly juries: Contract; readonly wallet: Wallet; readonly pool: string; readonly platform: string; readonly found: Case;
  readonly opinions: Map<string, Opinion>; say(line: string): void;
}

/** Commits where it has not, else reveals what it committed to as soon as that may be shown. */
async function vote({ juries, wallet, pool, platform, found, opinions, say }: Vote): Promise<void> {
  const hash = keccakOfText(found.id);
  const [round, stage, , , commitUntil, , , , seated] = await juries.getFunction('juryOf').staticCall(hash) as unknown as readonly [bigint, bigint, boolean, bigint, bigint, bigint, bigint, bigint, readonly string[]];
  if (stage !== voting || !seated.includes(pool)) return;
  const [opinion, salt] = [opinions.get(found.id) ?? await opinionOf(juries, platform, found), wallet.signingKey.sign(keccakOfText(`oort/vote/1 ${hash} ${round}`)).serialized];
  // What the officer still has to open is waited for, as long as there is time to vote.
  if (opinion.unopened > 0 && Date.now() < Number(commitUntil) * 1000 - timeToVoteMs) return;
  opinions.set(found.id, opinion);
  const root = `0x${opinion.evidenceRoot}`;
  const commitment = keccak256(coder.encode(['bytes32', 'uint256', 'address', 'bool', 'bytes32', 'bytes32'], [hash, round, pool, opinion.toSlash, root, keccak256(salt)]));
  const all = await votesOf(juries, hash, round);
  const [committed, revealed] = [all.committed.has(pool), all.revealed.has(pool)];
  if (!committed && Date.now() < Number(commitUntil) * 1000) {
    await sent(juries.getFunction('commitVote')(hash, commitment));
    return say(`${found.id}: committed to a vote of round ${round}`);
  }
  if (!committed || revealed || (all.committed.size < seated.length && Date.now() < Number(commitUntil) * 1000)) return;
  await sent(juries.getFunction('revealVote')(hash, opinion.toSlash, root, keccak256(salt)));
  say(`${found.id}: voted ${opinion.toSlash ? 'to slash' : 'to dismiss'}: ${opinion.because}`);
}

async function opinionOf(juries: Contract, platform: string, { id, nodeId, evidence }: Case): Promise<Opinion> {
  const court = await contractAt(juries, 'HonestyCourt');
  const [accusation] = await court.queryFilter(court.getEvent('SlashProposed')(keccakOfText(id)), 0);
  const [pool, evidenceHash] = accusation !== undefined && 'args' in accusation ? [String(accusation.args['pool']), String(accusation.args['evidenceHash'])] : ['', ''];
  const { node } = await queryPlatform<{ readonly node: { readonly publicKey: string; readonly operator: string } | null }>(platform, nodeQuery, { id: nodeId });
  // Whoever is slashed must be who runs the node.
  const nodeKey = node !== null && node.operator.toLowerCase() === pool.toLowerCase() ? node.publicKey : '';
  const feed: readonly PublicEvent[] = evidence === null ? await publicAudits(platform) : [];
  const { kept } = await comparedWithChain(feed, juries.runner?.provider as JsonRpcProvider);
  return judgeAccusation({ caseId: id, nodeId, evidence, evidenceHash, nodeKey }, feed, verifySignature, kept);
}

async function votesOf(juries: Contract, hash: string, round: bigint): Promise<{ readonly committed: ReadonlySet<string>; readonly revealed: ReadonlySet<string> }> {
  const of = async (name: string): Promise<ReadonlySet<string>> => {
    const logs = await juries.queryFilter(juries.getEvent(name)(hash), 0);
    return new Set(logs.flatMap((log) => ('args' in log && log.args['round'] === round ? [String(log.args['juror'])] : [])));
  };
  return { committed: await of('VoteCommitted'), revealed: await of('VoteRevealed') };
}

async function juriesOf(wallet: Wallet): Promise<Contract> {
  return new Contract(await addressOf(wallet, 'JuryCourt'), contractAbis.JuryCourt, wallet);
}

async function contractAt(beside: Contract, name: 'HonestyCourt'): Promise<Contract> {
  const wallet = beside.runner as Wallet;
  return new Contract(await addressOf(wallet, name), contractAbis[name], wallet);
}

async function addressOf(wallet: Wallet, name: string): Promise<string> {
  const { [name]: address } = await (wallet.provider as JsonRpcProvider).send('olympus_contracts', []) as Readonly<Record<string, string>>;
  if (address === undefined) throw new JurorRefused(`the network has no ${name}`);
  return address;
}

async function poolOf(juries: Contract, voter: string): Promise<string> {
  const pool = await juries.getFunction('poolOf').staticCall(voter) as string;
  if (/^0x0+$/.test(pool)) throw new JurorRefused(`no juror lets ${voter} vote: oort juror enrol`);
  return pool;
}

async function sent(sending: Promise<ContractTransactionResponse>): Promise<void> {
  await (await sending).wait();
}

function untilStopped(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => { controller.abort(); });
  return controller.signal;
}
