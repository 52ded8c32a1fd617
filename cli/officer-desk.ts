// What an officer does turn by turn: opens periods, shows its ticket, commits to phantoms, hands them in, opens those that were answered,
// shows them to the chain, answers doubts and takes its wage. What it has done stands on the chain and in the public feed; it keeps nothing.
import { getBytes, id as keccakOfText, type Contract, type Wallet } from 'ethers';
import { phantomPath, unsentPhantoms, type OfficerSeat, type PublicEvent } from '@oort/algorithms-honesty';
import { forContract, prove } from '@oort/algorithms-vrf';
import { Fault, messageOf, type Json } from '@oort/kernel-wire';
import { publicAudits } from './audit-officer';
import { send } from './chain-stake';
import { Phantoms, type OfficerModel } from './officer-phantoms';
import { queryPlatform } from './query-platform';
import { signIn } from './sign-in';

export interface DeskOptions {
  /** Of the key that the pool enrolled. */
  readonly wallet: Wallet;
  readonly pool: string;
  readonly court: Contract;
  readonly chainId: bigint;
  readonly platform: string;
  readonly models: readonly OfficerModel[];
  readonly inputs: readonly (readonly number[])[];
  readonly phantoms: number;
  /** For those who want to see what comes of it: takes its seat and commits to nothing; shows what it never sent. */
  readonly fault: 'none-injected' | 'never-sent' | null;
  say(line: string): void;
}

export class OfficerRefused extends Fault {
  constructor(message: string) { super('OFFICER_REFUSED', message); }
}

interface Period { readonly number: bigint; readonly seedBlock: bigint; readonly drawUntil: bigint; readonly endsAt: bigint; readonly seed: string; readonly seats: readonly string[] }
interface Seat { readonly stage: bigint; readonly disputes: bigint; readonly claimableAt: bigint }
interface Terms { readonly quota: bigint; readonly showSeconds: bigint; readonly disputeSeconds: bigint; readonly wage: bigint; readonly bond: bigint }
interface Dispute { readonly stage: bigint; readonly answerUntil: bigint }
interface Commitment { readonly batchId: string; readonly salt: string; readonly taskId: string; readonly index: number; readonly size: number; readonly path: readonly string[] }
interface Own { readonly leaf: string; readonly state: string; readonly commitment: Commitment | null }
interface Answer { readonly leaf?: string; readonly code?: string; readonly message?: string }

/** OfficerCourt.Stage, and Doubt. */
const stages = ['none', 'drawn', 'committed', 'shown', 'paid', 'denied'] as const;
const doubtOpen = 1n;
/** A block's time is that of the trunk block that carries it, which may lie a moment back. */
const slack = 2n;
/** Seats of so many periods may still be unsettled. */
const lookBack = 3n;
/** At what another shows, while it may be doubted. */
const looks = 20n;
/** Of a message, whatever is reached first. */
const atOnce = 32;
const bytesAtOnce = 256 * 1024;
const noSeed = `0x${'00'.repeat(32)}`;
const ownQuery = `query Own($officer: String!, $period: String!) { officerPhantoms(officer: $officer, period: $period) {
  leaf state commitment { batchId salt taskId index size path } } }`;
const handInMutation = `mutation HandIn($input: HandInPhantomsInput!) { handInPhantoms(input: $input) {
  ... on OfficerPhantom { leaf } ... on Refusal { code message } } }`;
const openMutation = `mutation Open($input: OpenPhantomsInput!) { openPhantoms(input: $input) {
  ... on OfficerPhantom { leaf } ... on Refusal { code message } } }`;

export class OfficerDesk {
  readonly #composed = new Map<bigint, Promise<Phantoms>>();
  readonly #outdrawn = new Set<bigint>();
  readonly #watched = new Set<string>();
  readonly #lookAt = new Map<string, bigint>();
  readonly #told = new Set<string>();
  #token: string | null = null;

  constructor(private readonly options: DeskOptions) {}

  /** Everything that is next. Throws what the chain or the platform refused; the next turn tries again. */
  async turn(): Promise<void> {
    const number = await this.#ask<bigint>('period');
    const terms = await this.#ask<Terms>('terms');
    const { leftAt } = await this.#ask<{ readonly leftAt: bigint }>('officers', this.options.pool);
    const serves = leftAt === 0n;
    if (!serves) this.#once('serves no more; what is left of its seats is still settled');
    const refused: unknown[] = [];
    // What is refused of one period must not hold up the others.
    for (let each = number > lookBack ? number - lookBack : 1n; each <= number; each += 1n) {
      await this.#move(await this.#period(each), serves ? number : 0n, terms).catch((error: unknown) => { refused.push(error); });
    }
    const over = number === 0n || now() >= (await this.#period(number)).endsAt + slack;
    if (over && serves) await this.#open(number);
    if (refused.length > 0) throw new OfficerRefused(refused.map(messageOf).join('; '));
  }

  /** `current`: the period in which it may draw a seat. */
  async #move(period: Period, current: bigint, terms: Terms): Promise<void> {
    const { number, drawUntil, endsAt } = period;
    const seat = await this.#seat(number, this.options.pool);
    const stage = stages[Number(seat.stage)] ?? 'none';
    const late = endsAt + terms.showSeconds;
    if (stage === 'none' && number === current && now() < drawUntil) await this.#draw(period);
    if (stage === 'drawn' && this.options.fault !== 'none-injected' && now() >= drawUntil + slack && now() < endsAt) await this.#commit(number);
    if (stage === 'committed' && now() < late) await this.#work(period, terms);
    if (stage === 'shown') await this.#settle(number, seat, terms);
    for (const officer of period.seats) {
      const other = officer === this.options.pool ? seat : await this.#seat(number, officer);
      const of = stages[Number(other.stage)] ?? 'none';
      if (['drawn', 'committed'].includes(of) && now() >= late + slack) await this.#lapse(number, officer, other.stage);
      if (of === 'shown' && officer !== this.options.pool) await this.#watch(number, officer, other, terms);
    }
  }

  /** Doubts one that was never sent, where the feed leaves no doubt of it, and has it convicted. */
  async #watch(number: bigint, officer: string, { disputes, claimableAt }: Seat, { disputeSeconds, bond }: Terms): Promise<void> {
    const { court, platform, chainId } = this.options;
    if (disputes > 0n) {
      for (const leaf of await this.#doubted(number, officer)) {
        const { stage, answerUntil } = await this.#ask<Dispute>('disputes', leaf);
        if (stage === doubtOpen && now() >= answerUntil + slack) await this.#send('convict', [leaf], `period ${number}: ${officer} was convicted of a phantom that was never sent`);
      }
      return;
    }
    const seat = `${number} ${officer}`;
    if (now() >= claimableAt || now() < (this.#lookAt.get(seat) ?? 0n) || this.#watched.has(seat)) return;
    // Which takes the whole feed, so not at every turn of a long period.
    this.#lookAt.set(seat, now() + disputeSeconds / looks);
    const found = unsentPhantoms(await publicAudits(platform, ['ChainLogObserved']), { chainId, court: String(court.target), period: number, officer });
    if (found === null) return;
    this.#watched.add(seat);
    const [index] = found.unsent;
    if (index === undefined) return;
    await send(court, 'dispute', [officer, number, found.leaves[index], index, phantomPath(found.leaves, index)], bond);
    this.options.say(`period ${number}: doubts that a phantom of ${officer} was sent`);
  }

  async #doubted(number: bigint, officer: string): Promise<readonly string[]> {
    const { court } = this.options;
    const logs = await court.queryFilter(court.getEvent('PhantomDisputed')(null, number, officer), 0);
    return logs.flatMap((log) => ('args' in log ? [String(log.args['leaf'])] : []));
  }

  /** Anybody may, and another may be first. */
  async #lapse(number: bigint, officer: string, stage: bigint): Promise<void> {
    await this.#send('lapse', [officer, number], `period ${number}: ended the seat of ${officer}, who showed nothing`).catch(async (error: unknown) => {
      if ((await this.#seat(number, officer)).stage === stage) throw error;
    });
  }

  /** Whoever is first; the others are refused. */
  async #open(last: bigint): Promise<void> {
    await this.#send('open', [], `opened period ${last + 1n}`).catch(async (error: unknown) => {
      if (await this.#ask<bigint>('period') === last) throw error;
    });
  }

  async #draw({ number, seed, seedBlock }: Period): Promise<void> {
    const { wallet, pool, court } = this.options;
    if (this.#outdrawn.has(number) || BigInt(await this.#head()) <= seedBlock) return;
    if (seed === noSeed) await this.#send('keepSeed', []);
    const key = wallet.signingKey;
    const alpha = getBytes(String(await court.getFunction('alphaOf').staticCall(number, pool)));
    const made = forContract(getBytes(key.compressedPublicKey), prove(getBytes(key.privateKey), alpha), alpha);
    if (made === null) return;
    await this.#send('showTicket', [pool, made.proof, made.products], `period ${number}: has a seat`).catch((error: unknown) => {
      if (!/NotDrawn|TooLate|DrawOver|ShownAlready/.test(messageOf(error))) throw error;
      this.#outdrawn.add(number);
      this.options.say(`period ${number}: not drawn`);
    });
  }

  async #commit(number: bigint): Promise<void> {
    const phantoms = await this.#phantomsOf(number);
    await this.#send('commitPhantoms', [this.options.pool, phantoms.root, phantoms.all.length], `period ${number}: committed to ${phantoms.all.length} phantoms`);
  }

  async #work({ number, endsAt }: Period, { quota }: Terms): Promise<void> {
    const phantoms = await this.#phantomsOf(number);
    if (this.options.fault === 'never-sent') return this.#show(number, phantoms, new Set(phantoms.all.map(({ leaf }) => leaf)));
    const own = new Map((await this.#own(number)).map((each) => [each.leaf, each]));
    if (now() < endsAt) await this.#handIn(phantoms, own);
    const answered = phantoms.all.filter(({ leaf }) => own.get(leaf)?.state === 'answered');
    await this.#mutate('openPhantoms', openMutation, answered.map(({ leaf, expected, opening: { salt } }) => ({ leaf, salt, expected })));
    const all = phantoms.all.every(({ leaf }) => ['opened', 'failed'].includes(own.get(leaf)?.state ?? ''));
    if (!all && now() < endsAt + slack) return;
    const opened = await this.#openedOf(number);
    if (BigInt(opened.size) < quota) return this.#once(`period ${number}: only ${opened.size} were asked and answered, which earns nothing`);
    await this.#show(number, phantoms, opened);
  }

  async #show(number: bigint, phantoms: Phantoms, opened: ReadonlySet<string>): Promise<void> {
    const shown = phantoms.shown(opened).map(({ task, expected, salt }) => [task, expected, salt]);
    await this.#send('showPhantoms', [this.options.pool, number, shown], `period ${number}: showed ${opened.size} of ${phantoms.all.length}`);
  }

  async #handIn(phantoms: Phantoms, own: ReadonlyMap<string, Own>): Promise<void> {
    const missing = phantoms.all.map((phantom, index) => ({ ...phantom, index })).filter(({ leaf }) => !own.has(leaf));
    await this.#mutate('handInPhantoms', handInMutation, missing.map(({ leaf, index, spec }) => ({ leaf, index, path: [...phantoms.pathOf(index)], spec })));
  }

  async #settle(number: bigint, { disputes, claimableAt }: Seat, { wage }: Terms): Promise<void> {
    if (disputes > 0n) return this.#answer(number);
    if (now() < claimableAt + slack) return;
    // The platform gives the fund what this seat earns; a fund that stays short pays what it has.
    if (await this.#ask<bigint>('fund') < wage && now() < claimableAt + 60n) return;
    await this.#send('claimWage', [this.options.pool, number], `period ${number}: claimed the wage`);
    if (this.options.wallet.address === this.options.pool) await this.#send('takeEarned', [], 'took what it has earned');
  }

  /** Shows where the platform had committed to what somebody doubts. */
  async #answer(number: bigint): Promise<void> {
    const { pool } = this.options;
    const own = new Map((await this.#own(number)).map(({ leaf, commitment }) => [leaf, commitment]));
    for (const leaf of await this.#doubted(number, pool)) {
      if ((await this.#ask<Dispute>('disputes', leaf)).stage !== doubtOpen) continue;
      const found = own.get(leaf) ?? null;
      if (found === null) throw new OfficerRefused(`the platform does not tell where it committed to ${leaf}`);
      const { batchId, salt, taskId, index, size, path } = found;
      await this.#send('answer', [leaf, [keccakOfText(batchId), salt, taskId, index, size], path], `period ${number}: answered who doubts ${leaf}`);
    }
  }

  /** Those that hold, by the public feed. */
  async #openedOf(number: bigint): Promise<ReadonlySet<string>> {
    const mine = ({ type, data }: PublicEvent): boolean => type === 'PhantomOpened' && data['holds'] === true
      && data['officer'] === this.options.pool.toLowerCase() && data['period'] === number.toString();
    return new Set((await publicAudits(this.options.platform)).filter(mine).map(({ data }) => String(data['leaf'])));
  }

  #phantomsOf(number: bigint): Promise<Phantoms> {
    const { wallet, models, inputs, phantoms } = this.options;
    const known = this.#composed.get(number);
    if (known !== undefined) return known;
    const composing = Phantoms.compose(wallet, this.#seatAt(number), phantoms, models, inputs);
    this.#composed.set(number, composing);
    composing.catch(() => this.#composed.delete(number));
    return composing;
  }

  #seatAt(number: bigint): OfficerSeat {
    const { pool, court, chainId } = this.options;
    return { chainId, court: String(court.target), period: number, officer: pool };
  }

  async #own(number: bigint): Promise<readonly Own[]> {
    const { officerPhantoms } = await this.#query<{ readonly officerPhantoms: readonly Own[] }>(ownQuery, { officer: this.options.pool, period: number.toString() });
    return officerPhantoms;
  }

  async #mutate(name: 'handInPhantoms' | 'openPhantoms', document: string, all: readonly Json[]): Promise<void> {
    for (const phantoms of messagesOf(all)) {
      const answers = (await this.#query<{ readonly [name: string]: readonly Answer[] }>(document, { input: { officer: this.options.pool, phantoms } }))[name] ?? [];
      for (const { code, message } of answers) if (code !== undefined) this.#once(`${name}: ${code}: ${String(message)}`);
    }
  }

  /** As the officer's key; a session that has ended is begun anew by the next turn. */
  async #query<T>(document: string, variables: { readonly [name: string]: Json }): Promise<T> {
    const { platform, wallet } = this.options;
    this.#token ??= await signIn(platform, wallet);
    return queryPlatform<T>(platform, document, variables, this.#token).catch((error: unknown) => {
      this.#token = null;
      throw error;
    });
  }

  async #period(number: bigint): Promise<Period> {
    const { seedBlock, drawUntil, endsAt, seed, seats } = await this.#ask<Omit<Period, 'number'>>('periodOf', number);
    return { number, seedBlock, drawUntil, endsAt, seed, seats: [...seats] };
  }

  #seat(number: bigint, officer: string): Promise<Seat> { return this.#ask<Seat>('seatOf', number, officer); }

  async #ask<T>(view: string, ...args: readonly unknown[]): Promise<T> {
    return await this.options.court.getFunction(view).staticCall(...args) as T;
  }

  async #head(): Promise<number> {
    return await this.options.wallet.provider?.getBlockNumber() ?? 0;
  }

  async #send(method: string, args: readonly unknown[], done?: string): Promise<void> {
    await send(this.options.court, method, args);
    if (done !== undefined) this.options.say(done);
  }

  #once(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.options.say(line);
  }
}

const now = (): bigint => BigInt(Math.floor(Date.now() / 1000));

function messagesOf(all: readonly Json[]): readonly (readonly Json[])[] {
  const messages: Json[][] = [];
  let bytes = Infinity;
  for (const each of all) {
    const size = JSON.stringify(each).length;
    const last = messages.at(-1);
    if (last === undefined || last.length === atOnce || bytes + size > bytesAtOnce) {
      messages.push([each]);
      bytes = size;
    } else {
      last.push(each);
      bytes += size;
    }
  }
  return messages;
}
