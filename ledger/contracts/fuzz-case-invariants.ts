// What must hold of cases, juries, disputed leaves and held stake after every step, and that every case ends.
import { Fault } from '@oort/kernel-wire';
import type { ContractName } from '@oort/schema';
import { caseIds, move, type CaseMemory } from './fuzz-cases';
import { fuzzParameters, jurors, oort, people } from './fuzz-people';
import { Reverted, account, platform, type Log, type TestChain } from './test-chain';

export class InvariantBroken extends Fault {
  constructor(rule: string, found: unknown, expected: unknown) {
    super('INVARIANT_BROKEN', `${rule}: ${String(found)} instead of ${String(expected)}`, { rule });
  }
}

export function same(rule: string, found: bigint, expected: bigint): void {
  if (found !== expected) throw new InvariantBroken(rule, found, expected);
}

export function atLeast(rule: string, found: bigint, least: bigint): void {
  if (found < least) throw new InvariantBroken(rule, found, `at least ${least}`);
}

interface Spell { since: bigint; seen: bigint; heldNow: boolean; convicted: boolean }

/** No case takes longer (deployments.ts). */
const holdSeconds = BigInt(fuzzParameters.appealSeconds + 4 * (6 * fuzzParameters.jurySeconds + fuzzParameters.appealSeconds));
const restSeconds = BigInt(2 * fuzzParameters.poolExitSeconds);
/** HonestyCourt.Stage */
const [none, , , , dismissed, settled] = [0n, 1n, 2n, 3n, 4n, 5n];
const mostMoves = 40;

export class CaseWatch {
  readonly #bonds = new Map<string, bigint>();
  readonly #seats = new Map<string, string[]>();
  readonly #spells = new Map<string, Spell>();
  readonly #concluded = new Set<string>();
  readonly #balances = new Map<ContractName, bigint>();
  #disputes = 0n;
  #looked = 0n;

  constructor(private readonly chain: TestChain) {}

  /** Throws InvariantBroken. */
  async check(logs: readonly Log[]): Promise<void> {
    for (const log of logs) this.#note(log);
    for (const contract of ['JuryCourt', 'HonestyCourt', 'LeafCourt'] as const) {
      const balance = await this.#balance(contract);
      // Nothing has touched it.
      if (balance === this.#balances.get(contract) && !logs.some((log) => log.contract === contract)) continue;
      this.#balances.set(contract, balance);
      if (contract === 'JuryCourt') await this.#juries(balance);
      else await this.#bondsOf(contract, balance);
    }
    if (logs.some((log) => log.contract === 'StakingPools') || this.chain.time > this.#looked + holdSeconds / 8n) await this.#holds(logs);
  }

  #note({ contract, event, args }: Log): void {
    const caseId = String(args['caseId']);
    switch (`${contract}.${event}`) {
      case 'JuryCourt.VerdictAppealed': this.#bonds.set(caseId, (this.#bonds.get(caseId) ?? 0n) + (args['bond'] as bigint)); return;
      case 'JuryCourt.JuryDrawn': {
        const seated = [...args['jurors'] as readonly string[]].map((each) => each.toLowerCase());
        if (new Set(seated).size !== seated.length) throw new InvariantBroken('nobody sits twice in a jury', seated, 'others');
        const [accused] = [String(args['caseId'])];
        this.#seats.set(accused, [...(this.#seats.get(accused) ?? []), ...seated]);
        return;
      }
      case 'JuryCourt.Concluded':
        if (this.#concluded.has(caseId)) throw new InvariantBroken('a case is concluded once', caseId, 'nothing');
        this.#concluded.add(caseId);
        this.#bonds.delete(caseId);
        this.#seats.delete(caseId);
        return;
      case 'LeafCourt.LeafDisputed': this.#disputes += 1n; return;
      case 'LeafCourt.LeafShown':
      case 'LeafCourt.LeafMissing': this.#disputes -= 1n; return;
      default:
    }
  }

  async #juries(balance: bigint): Promise<void> {
    let owed = (await this.#ask('JuryCourt', 'fund'))[0];
    for (const each of [...people, ...jurors, platform]) {
      const juror = await this.chain.view('JuryCourt', 'jurors', [each]);
      owed += (await this.#ask('JuryCourt', 'earned', [each]))[0] + (juror['deposit'] as bigint);
      atLeast('nobody has more deposit than he put down', fuzzParameters.jurorDepositWei, juror['deposit'] as bigint);
      const seats = [...this.#seats.values()].flat().filter((seated) => seated === each).length;
      same('a juror sits where it was drawn', juror['seated'] as bigint, BigInt(seats));
    }
    for (const bond of this.#bonds.values()) owed += bond;
    same('JuryCourt holds deposits, earnings, the fund and bonds', balance, owed);
  }

  async #bondsOf(contract: 'HonestyCourt' | 'LeafCourt', balance: bigint): Promise<void> {
    let owed = contract === 'LeafCourt' ? this.#disputes * fuzzParameters.leafBondWei : await this.#bondsAtTheCourt();
    for (const each of [...people, platform]) owed += (await this.#ask(contract, 'owed', [each]))[0];
    same(`${contract} holds bonds and what is owed`, balance, owed);
  }

  async #bondsAtTheCourt(): Promise<bigint> {
    let bonds = 0n;
    for (const each of caseIds) bonds += (await this.chain.view('HonestyCourt', 'cases', [each]))['bond'] as bigint;
    return bonds;
  }

  /** What a case may take stays; nobody is held longer than the longest case, and then everybody can leave. */
  async #holds(logs: readonly Log[]): Promise<void> {
    const now = this.chain.time;
    this.#looked = now;
    const of = (event: string, pool: string): boolean => logs.some((log) => log.contract === 'StakingPools' && log.event === event
      && String(log.args['pool']).toLowerCase() === pool && (event !== 'Slashed' || log.args['amount'] !== 0n));
    for (const pool of people) {
      const [held] = await this.#ask('StakingPools', 'heldOf', [pool]);
      const [own = 0n, delegated = 0n, exiting = 0n] = await this.#ask('StakingPools', 'stakeOf', [pool]);
      if (of('Withdrawn', pool)) atLeast('what a case may take stays', own + delegated + exiting, held);
      for (const court of ['HonestyCourt', 'LeafCourt'] as const) {
        const key = `${court} ${pool}`;
        const [by] = await this.#ask('StakingPools', 'heldBy', [this.chain.at.get(court) ?? '', pool]);
        const spell = this.#spells.get(key) ?? { since: now, seen: -restSeconds, heldNow: false, convicted: false };
        if (of('Slashed', pool)) [spell.since, spell.convicted] = [now, true];
        if (by > 0n) {
          if (!spell.heldNow) {
            if (!spell.convicted) atLeast('a pool rests from accusations that came to nothing', now, spell.seen + restSeconds);
            [spell.since, spell.convicted] = [now, false];
          }
          atLeast('no pool is held for longer than the longest case', spell.since + holdSeconds - 1n, now);
          spell.seen = now;
        }
        spell.heldNow = by > 0n;
        this.#spells.set(key, spell);
      }
    }
  }

  /** Whoever wants can bring every case to its end in so many moves, whatever happened before. Answers the logs. */
  async finish(memory: CaseMemory): Promise<readonly Log[]> {
    const logs: Log[] = [];
    const anybody = account('somebody else');
    for (const [number, caseId] of caseIds.entries()) {
      for (let moves = 0; ; moves += 1) {
        const stage = (await this.chain.view('HonestyCourt', 'cases', [caseId]))['stage'] as bigint;
        if ([none, dismissed, settled].includes(stage)) break;
        if (moves === mostMoves) throw new InvariantBroken('a case ends', caseId, `the end after ${mostMoves} moves`);
        const [needed] = await this.chain.view('HonestyCourt', 'needsJury', [caseId]);
        const everybody = Array.from({ length: 31 }, () => true);
        if (needed === true) logs.push(...await move(this.chain, { case: number, toSlash: everybody, silent: everybody, appeal: false, from: anybody }, memory).catch(nothing));
        else logs.push(...await this.chain.send(anybody, 'HonestyCourt', 'settle', [caseId]).catch(nothing));
        this.chain.pass(1);
      }
    }
    for (const pool of people) {
      const [by] = await this.#ask('StakingPools', 'heldBy', [this.chain.at.get('HonestyCourt') ?? '', pool]);
      same('nothing is held when all cases are over', by, 0n);
    }
    return logs;
  }

  async #ask(contract: ContractName, view: string, args: readonly unknown[] = []): Promise<readonly [bigint, ...bigint[]]> {
    return [...await this.chain.view(contract, view, args)] as unknown as [bigint, ...bigint[]];
  }

  #balance(contract: ContractName): Promise<bigint> { return this.chain.balance(this.chain.at.get(contract) ?? ''); }
}

function nothing(error: unknown): readonly Log[] {
  if (error instanceof Reverted) return [];
  throw error;
}

export const purse = 300n * oort;
