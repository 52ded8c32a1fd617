// What must hold after every step, whoever did what: read from the contracts, and compared with what the steps are known to have done.
import { id } from 'ethers';
import type { ContractName } from '@oort/schema';
import { parameterName, type Done, type Remembered, type Step } from './fuzz-actions';
import { atLeast, CaseWatch, InvariantBroken, same } from './fuzz-case-invariants';
import { endSeats, OfficerWatch } from './fuzz-officers';
import { fuzzParameters, jurors, jurorStake, people } from './fuzz-people';
import { platform, type Log, type TestChain } from './test-chain';

interface Asked { readonly executableAt: bigint; inFavour: bigint; against: bigint; readonly value: bigint; closed: boolean }

const numbers = [0, 1];
const everybody: readonly string[] = [...people, ...jurors, platform];

export class Watch {
  readonly #chain: TestChain;
  readonly #remembered: Remembered;
  readonly #total: bigint;
  readonly #once = new Set<string>();
  readonly #claimed = new Map<string, bigint>();
  readonly #proposals = new Map<string, Asked>();
  #parameter: bigint;
  readonly #cases: CaseWatch;
  readonly #officers: OfficerWatch;
  #anchored = 0n;

  private constructor(chain: TestChain, remembered: Remembered, total: bigint, parameter: bigint) {
    this.#chain = chain;
    this.#remembered = remembered;
    this.#total = total;
    this.#parameter = parameter;
    this.#cases = new CaseWatch(chain);
    this.#officers = new OfficerWatch(chain);
  }

  static async begin(chain: TestChain, remembered: Remembered): Promise<Watch> {
    const [parameter] = await chain.view('Governance', 'parameter', [parameterName]);
    return new Watch(chain, remembered, await chain.sum(everybody), parameter as bigint);
  }

  /** Throws InvariantBroken. */
  async check(step: Step, done: Done): Promise<void> {
    for (const log of done.logs) this.#note(log);
    same('OORT is conserved', await this.#chain.sum(everybody), this.#total);
    await this.#pools();
    await this.#cases.check(done.logs);
    await this.#officers.check(done.logs);
    await this.#governance(step);
    await this.#rewards();
    await this.#escrow();
    await this.#defi();
    for (const empty of ['Payments', 'Anchors', 'ForkCourt'] as const) same(`${empty} holds nothing`, await this.#balance(empty), 0n);
    const [anchored] = await this.#ask('Anchors', 'latest');
    atLeast('anchored sizes only grow', anchored, this.#anchored);
    this.#anchored = anchored;
  }

  /** Brings every case to its end, whatever was before. */
  async finish(): Promise<void> {
    await this.check({ kind: 'pass', seconds: 0 }, { logs: [...await this.#cases.finish(this.#remembered.cases), ...await endSeats(this.#chain)], refusal: null });
  }

  #note({ contract, event, args }: Log): void {
    const first = (rule: string, key: string): void => {
      if (this.#once.has(`${rule} ${key}`)) throw new InvariantBroken(`once only: ${rule}`, key, 'nothing');
      this.#once.add(`${rule} ${key}`);
    };
    switch (`${contract}.${event}`) {
      case 'StakingPools.Slashed': return first('a slash for a deed', String(args['id']));
      case 'HonestyCourt.Settled': return first('a case settles', String(args['caseId']));
      case 'Payments.Paid': return first('an invoice is paid by one payer', `${String(args['invoiceId'])} ${String(args['payer'])}`);
      case 'InsurancePool.PaidOut': return first('an insurance call', String(args['callId']));
      case 'Governance.Voted': {
        first('a vote', `${String(args['proposalId'])} ${String(args['voter'])}`);
        const asked = this.#proposals.get(String(args['proposalId']));
        if (asked === undefined) throw new InvariantBroken('votes are on proposals', args['proposalId'], 'one');
        if (args['support'] === true) asked.inFavour += args['weight'] as bigint;
        else asked.against += args['weight'] as bigint;
        return;
      }
      case 'Governance.Proposed':
        this.#proposals.set(String(args['proposalId']), {
          executableAt: this.#chain.time + BigInt(fuzzParameters.votingSeconds + fuzzParameters.timelockSeconds), inFavour: 0n, against: 0n, value: args['value'] as bigint, closed: false,
        });
        return;
      case 'Governance.Rejected': return this.#close(String(args['proposalId']), false);
      case 'Governance.Executed': return this.#close(String(args['proposalId']), true);
      case 'Rewards.Claimed': {
        const account = String(args['account']).toLowerCase();
        this.#claimed.set(account, (this.#claimed.get(account) ?? 0n) + (args['amount'] as bigint));
        return;
      }
      default:
    }
  }

  #close(proposal: string, executed: boolean): void {
    const asked = this.#proposals.get(proposal);
    if (asked === undefined || asked.closed) throw new InvariantBroken('a proposal closes once', proposal, 'open');
    asked.closed = true;
    if (!executed) return;
    atLeast('the timelock runs out first', this.#chain.time, asked.executableAt);
    atLeast('more in favour than against', asked.inFavour, asked.against + 1n);
    this.#parameter = asked.value;
  }

  async #pools(): Promise<void> {
    // What stands behind jurors nobody touches.
    let [owed, standing] = [jurorStake * BigInt(jurors.length), jurorStake * BigInt(jurors.length)];
    const votes = new Map<string, bigint>();
    const count = (account: string, wei: bigint): void => { votes.set(account, (votes.get(account) ?? 0n) + wei); };
    for (const pool of people) {
      const [own = 0n, delegated = 0n, exiting = 0n] = await this.#ask('StakingPools', 'stakeOf', [pool]);
      if (own + delegated + exiting === 0n) continue;
      owed += own + delegated + exiting;
      standing += own + delegated;
      count(pool, own);
      let [shares, exits] = [0n, 0n];
      for (const staker of people) {
        const [worth] = staker === pool || delegated === 0n ? [0n] : await this.#ask('StakingPools', 'delegationOf', [pool, staker]);
        const [leaving] = exiting === 0n ? [0n] : await this.#ask('StakingPools', 'exitOf', [pool, staker]);
        count(staker, worth);
        shares += worth;
        exits += leaving;
      }
      atLeast('a pool covers its delegations', delegated, shares);
      atLeast('delegations are worth what stands for them', shares + 10n, delegated);
      atLeast('a pool covers what leaves', exiting, exits);
      atLeast('what leaves is worth what stands for it', exits + 10n, exiting);
    }
    same('StakingPools holds what it owes', await this.#balance('StakingPools'), owed);
    same('all stake votes', (await this.#ask('StakingPools', 'totalVotesAt', [this.#chain.number]))[0], standing);
    for (const [account, wei] of votes) same('an account votes with its stake', (await this.#ask('StakingPools', 'votesAt', [account, this.#chain.number]))[0], wei);
  }

  async #governance(step: Step): Promise<void> {
    const open = [...this.#proposals.values()].filter(({ closed }) => !closed).length;
    same('Governance holds the deposits', await this.#balance('Governance'), BigInt(open) * fuzzParameters.proposalDepositWei);
    const [parameter] = await this.#ask('Governance', 'parameter', [parameterName]);
    same(`only what passed changes a parameter (${step.kind})`, parameter, this.#parameter);
  }

  async #rewards(): Promise<void> {
    const [promised] = await this.#ask('Rewards', 'cumulativeTotal');
    const [paid] = await this.#ask('Rewards', 'claimedTotal');
    atLeast('Rewards holds what can be claimed', await this.#balance('Rewards'), promised - paid);
    same('claims add up', [...this.#claimed.values()].reduce((sum, wei) => sum + wei, 0n), paid);
    for (const { account, amount } of this.#remembered.leaves) atLeast('a leaf is paid once', amount, this.#claimed.get(account) ?? 0n);
  }

  async #escrow(): Promise<void> {
    let held = 0n;
    for (const each of numbers) held += (await this.#ask('Escrow', 'balanceOf', [id(`mission ${each}`)]))[0];
    same('Escrow holds what its accounts say', await this.#balance('Escrow'), held);
  }

  async #defi(): Promise<void> {
    const [assets] = await this.#ask('DefiPool', 'totalAssets');
    const [all] = await this.#ask('DefiPool', 'totalShares');
    let shares = 0n;
    for (const account of people) shares += (await this.#ask('DefiPool', 'sharesOf', [account]))[0];
    same('DefiPool holds its assets', await this.#balance('DefiPool'), assets);
    same('shares add up', shares, all);
  }

  async #ask(contract: ContractName, view: string, args: readonly unknown[] = []): Promise<readonly [bigint, ...bigint[]]> {
    return [...await this.#chain.view(contract, view, args)] as unknown as [bigint, ...bigint[]];
  }

  #balance(contract: ContractName): Promise<bigint> {
    return this.#chain.balance(this.#chain.at.get(contract) ?? '');
  }
}
