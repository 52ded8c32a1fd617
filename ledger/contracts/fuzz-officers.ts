// Officers in random histories: whatever is next for one of them, done well or badly, and what must hold of their court after every step.
import fc from 'fast-check';
import { id } from 'ethers';
import { Batch, enrolOfficer, Phantoms, ticketOf } from './officer-deeds';
import { atLeast, InvariantBroken, same } from './fuzz-case-invariants';
import { fuzzParameters, jurors, mallory, people } from './fuzz-people';
import { account, platform, Reverted, type Log, type TestChain } from './test-chain';

export interface OfficerStep {
  readonly kind: 'serve';
  readonly officer: string;
  readonly from: string;
  /** Commits to nothing, shows nothing, or sends nothing of what it shows. */
  readonly idle: boolean;
  readonly silent: boolean;
  readonly liar: boolean;
  readonly doubt: boolean;
}

const { officerQuota, officerDepositWei: deposit, officerBondWei: bond } = fuzzParameters;
/** The last one is a contract, and no friend of who pays it. */
const officers: readonly string[] = [...jurors.slice(0, 3), mallory];
const now = (chance: number): fc.Arbitrary<boolean> => fc.integer({ min: 0, max: 9 }).map((each) => each < chance);

export const officerStep: fc.Arbitrary<OfficerStep> = fc.record({
  kind: fc.constant('serve' as const), officer: fc.constantFrom(...officers), from: fc.constantFrom(...people, ...jurors), idle: now(2), silent: now(2), liar: now(3), doubt: now(5),
});

/** Seat.Stage */
const [none, drawn, committed, shown] = [0n, 1n, 2n, 3n];

/** One thing that is next for the officer, as far as the chain has come; where that is waiting, time passes. */
export async function serve(chain: TestChain, step: OfficerStep): Promise<readonly Log[]> {
  const { officer, from } = step;
  const send = (by: string, method: string, args: readonly unknown[] = [], value = 0n): Promise<readonly Log[]> => chain.send(by, 'OfficerCourt', method, args, value);
  const [period] = [...await chain.view('OfficerCourt', 'period')] as unknown as readonly [bigint];
  const { since, leftAt, seated } = await officerOf(chain, officer);
  if (step.doubt && [...await chain.view('OfficerCourt', 'earned', [officer])][0] !== 0n) return send(officer, 'takeEarned');
  if (leftAt !== 0n && seated === 0n) return send(officer, 'withdrawDeposit');
  if (since === 0n) return enrolOfficer(chain, officer, deposit);
  const times = await periodOf(chain, period);
  if (seated > 0n) return settle(chain, step, period);
  if (period === 0n || chain.time >= times.endsAt) return send(from, 'open');
  if (chain.time >= times.drawUntil) {
    chain.time = times.endsAt;
    return send(from, 'open');
  }
  if (chain.number <= times.seedBlock) chain.number = times.seedBlock;
  return [...await send(from, 'keepSeed'), ...await send(from, 'showTicket', await ticketOf(chain, officer))];
}

/** The oldest seat that is not settled. */
async function settle(chain: TestChain, step: OfficerStep, last: bigint): Promise<readonly Log[]> {
  const { officer, from, idle, silent, liar, doubt } = step;
  const send = (by: string, method: string, args: readonly unknown[] = [], value = 0n): Promise<readonly Log[]> => chain.send(by, 'OfficerCourt', method, args, value);
  const [period, { stage, disputes, claimableAt }] = await unsettled(chain, officer, last);
  const { drawUntil, endsAt } = await periodOf(chain, period);
  const phantoms = new Phantoms(chain, officer, period, officerQuota + 1);
  const late = endsAt + BigInt(fuzzParameters.officerShowSeconds);
  if (stage === drawn && !idle && chain.time < endsAt - 1n) {
    if (chain.time < drawUntil) chain.time = drawUntil;
    return send(officer, 'commitPhantoms', [officer, phantoms.root, officerQuota + 1]);
  }
  if (stage === committed && !silent && chain.time < late - 1n) {
    const batch = batchOf(phantoms);
    const logs = liar ? [] : await chain.send(platform, 'HonestyCourt', 'commitBatch', [batch.batchId, batch.root, 3]).catch(refusedIsNone);
    return [...logs, ...await send(officer, 'showPhantoms', [officer, period, phantoms.shown(officerQuota)])];
  }
  if (stage === drawn || stage === committed) {
    if (chain.time < late) chain.time = late;
    return send(from, 'lapse', [officer, period]);
  }
  const [leaf = ''] = phantoms.leaves;
  if (doubt && chain.time < claimableAt - 1n) return send(from, 'dispute', [officer, period, leaf, 0, phantoms.path(0)], bond);
  if (disputes > 0n) {
    const [sent, path] = batchOf(phantoms).sent(leaf);
    const answered = await send(from, 'answer', [leaf, sent, path]).catch(refusedIsNone);
    if (answered.length > 0) return answered;
    chain.pass(fuzzParameters.officerDisputeSeconds);
    return send(from, 'convict', [leaf]);
  }
  if (chain.time < claimableAt) chain.time = claimableAt;
  return send(officer, 'claimWage', [officer, period]);
}

const batchOf = (phantoms: Phantoms): Batch => new Batch(id(`batch of ${phantoms.officer} ${phantoms.period}`), phantoms.leaves.slice(0, officerQuota));

interface Seat { readonly stage: bigint; readonly disputes: bigint; readonly claimableAt: bigint }

async function unsettled(chain: TestChain, officer: string, last: bigint): Promise<readonly [bigint, Seat]> {
  for (let period = 1n; period <= last; period += 1n) {
    const found = await seatOf(chain, period, officer);
    if (found.stage !== none && found.stage <= shown) return [period, found];
  }
  throw new InvariantBroken('who is seated has a seat', officer, 'one');
}

async function seatOf(chain: TestChain, period: bigint, officer: string): Promise<Seat> {
  const found = await chain.view('OfficerCourt', 'seatOf', [period, officer]);
  return { stage: found['stage'] as bigint, disputes: found['disputes'] as bigint, claimableAt: found['claimableAt'] as bigint };
}

async function periodOf(chain: TestChain, period: bigint): Promise<{ readonly seedBlock: bigint; readonly drawUntil: bigint; readonly endsAt: bigint; readonly seats: readonly string[] }> {
  const [found] = [...await chain.view('OfficerCourt', 'periodOf', [period])] as unknown as readonly [{ seedBlock: bigint; drawUntil: bigint; endsAt: bigint; seats: readonly string[] }];
  return found;
}

async function officerOf(chain: TestChain, officer: string): Promise<{ readonly since: bigint; readonly leftAt: bigint; readonly seated: bigint; readonly deposit: bigint }> {
  const found = await chain.view('OfficerCourt', 'officers', [officer]);
  return { since: found['since'] as bigint, leftAt: found['leftAt'] as bigint, seated: found['seated'] as bigint, deposit: found['deposit'] as bigint };
}

function refusedIsNone(error: unknown): readonly Log[] {
  if (error instanceof Reverted) return [];
  throw error;
}

export class OfficerWatch {
  readonly #settled = new Set<string>();
  readonly #ended = new Set<string>();
  #doubts = 0n;
  #balance: bigint | null = null;

  constructor(private readonly chain: TestChain) {}

  /** Throws InvariantBroken. */
  async check(logs: readonly Log[]): Promise<void> {
    const own = logs.filter(({ contract }) => contract === 'OfficerCourt');
    for (const log of own) this.#note(log);
    const balance = await this.chain.balance(this.chain.at.get('OfficerCourt') ?? '');
    if (own.length === 0 && balance === this.#balance) return;
    this.#balance = balance;
    let owed = (await this.#ask('fund')) + this.#doubts * bond;
    for (const each of [...people, ...jurors, platform, account('somebody else')]) {
      const { deposit: left } = await officerOf(this.chain, each);
      atLeast('no officer has more deposit than it put down', deposit, left);
      owed += left + await this.#ask('earned', [each]) + await this.#ask('owed', [each]);
    }
    same('OfficerCourt holds deposits, earnings, the fund, bonds and what is owed', balance, owed);
  }

  #note({ event, args }: Log): void {
    const seat = `${String(args['period'])} ${String(args['officer'])}`;
    switch (event) {
      case 'PhantomDisputed': this.#doubts += 1n; return;
      case 'PhantomFound':
      case 'PhantomMissing':
        if (this.#ended.has(String(args['leaf']))) throw new InvariantBroken('a doubt ends once', args['leaf'], 'nothing');
        this.#ended.add(String(args['leaf']));
        this.#doubts -= 1n;
        return;
      case 'WagePaid':
      case 'WageDenied':
        if (this.#settled.has(seat)) throw new InvariantBroken('a seat is paid or denied once', seat, 'nothing');
        this.#settled.add(seat);
        return;
      default:
    }
  }

  async #ask(view: string, args: readonly unknown[] = []): Promise<bigint> {
    return [...await this.chain.view('OfficerCourt', view, args)][0] as bigint;
  }
}

/** Whoever wants can end every seat once its time is over, but for one that has only its wage to take. */
export async function endSeats(chain: TestChain): Promise<readonly Log[]> {
  const logs: Log[] = [];
  for (const officer of officers) {
    for (let moves = 0; (await officerOf(chain, officer)).seated > 0n; moves += 1) {
      if (moves === 20) throw new InvariantBroken('a seat ends', officer, 'the end after 20 moves');
      const [last] = [...await chain.view('OfficerCourt', 'period')] as unknown as readonly [bigint];
      logs.push(...await settle(chain, { kind: 'serve', officer, from: jurors[3] ?? '', idle: true, silent: true, liar: true, doubt: false }, last));
    }
  }
  return logs;
}
