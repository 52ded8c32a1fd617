// One class of fault at a time and at most n - k nodes, while objects are written and read: no acknowledged byte is lost, reads go
// on, who lies is caught, repair finishes, and nothing that belongs to nobody stays.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { bucket, Load } from './load';
import { FaultyPlatform } from './platform';
import { chunkedBody, rawPut, type RawPut } from './raw-put';
import type { Status } from './door-process';

export interface Options {
  readonly sizes: readonly number[];
  /** How long each fault lasts under load. */
  readonly faultMs: number;
  readonly rounds: number;
  tell(line: string): void;
}

export interface Outcome {
  readonly acknowledged: number;
  /** Acknowledged objects that did not come back, at any check. */
  readonly lost: readonly string[];
  readonly wrong: readonly string[];
  /** Checks that did not hold, by name. */
  readonly broken: readonly string[];
}

const nodes = 6;
/** Longer than any write takes, or the sweep would take what a write has just placed. */
const orphanMs = 20_000;
const longestRepairMs = 90_000;

export class FaultStory {
  readonly #lost: string[] = [];
  readonly #broken: string[] = [];

  private constructor(readonly platform: FaultyPlatform, readonly load: Load, private readonly options: Options) {}

  static async start(options: Options): Promise<FaultStory> {
    const platform = await FaultyPlatform.start(nodes, orphanMs);
    const s3 = platform.client();
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    s3.destroy();
    return new FaultStory(platform, new Load(platform, options.sizes), options);
  }

  outcome(): Outcome {
    return { acknowledged: this.load.acknowledged.size, lost: this.#lost, wrong: this.load.tally.wrong, broken: this.#broken };
  }

  close(): Promise<void> { return this.platform.close(); }

  /** Any three of six, once every object has all its receipts. */
  async threeKilled(): Promise<void> {
    for (const size of this.options.sizes) await this.load.put(size);
    await this.#repaired('before three are killed');
    const victims = someOf(nodes, 3);
    for (const index of victims) await this.platform.killNode(index);
    await this.#allComeBack('with three of six dead, and nobody told');
    const before = this.load.tally.refused;
    await this.#underLoad(victims, (index) => { this.platform.noticed(index); });
    this.options.tell(`three killed: ${this.load.tally.refused - before} PUTs were refused meanwhile`);
    await this.#revive(victims);
  }

  /** Any two, at the moment of an acknowledgement. */
  async twoKilledAtOnce(): Promise<void> {
    for (let round = 0; round < this.options.rounds; round += 1) {
      const size = this.options.sizes[round % this.options.sizes.length] ?? 1024;
      const key = await this.load.put(size);
      const victims = someOf(nodes, 2);
      await Promise.all(victims.map((index) => this.platform.killNode(index)));
      if (key !== null && !(await this.load.read(key))) this.#lost.push(key);
      await this.#revive(victims);
      await this.#repaired(`after two were killed, round ${round + 1}`);
    }
  }

  /** It gives back other bytes than it took, or none of its own. */
  async liar(fault: 'flips' | 'lies'): Promise<void> {
    const [index = 0] = someOf(nodes, 1);
    for (const size of this.options.sizes) await this.load.put(size);
    this.platform.spoil(index, fault);
    await this.#underLoad([index], () => undefined);
    await this.#until(`who ${fault} is caught`, (status) => Object.keys(status.lost).some((id) => id.startsWith(`${this.platform.nodeId(index)}/`)));
    this.platform.spoil(index, 'none');
    await this.#repaired(`after ${fault}`);
    await this.#allComeBack(`after ${fault}`);
  }

  async hanging(): Promise<void> {
    const [index = 0] = someOf(nodes, 1);
    this.platform.hang(index);
    const before = this.load.tally.written;
    await this.#underLoad([index], () => undefined);
    this.#check('PUTs go on while one node hangs', this.load.tally.written > before);
    await this.#allComeBack('while one node hangs');
    this.platform.wakeUp(index);
    await this.#repaired('after one hung');
  }

  async slow(): Promise<void> {
    const [index = 0] = someOf(nodes, 1);
    this.platform.spoil(index, 'slow');
    const before = this.load.tally.written;
    await this.#underLoad([index], () => undefined);
    this.#check('PUTs go on while one node is slow', this.load.tally.written > before);
    this.platform.spoil(index, 'none');
    await this.#repaired('after one was slow');
  }

  async doorKilled(): Promise<void> {
    const stop = new AbortController();
    const running = this.load.run(stop.signal);
    for (let round = 0; round < this.options.rounds; round += 1) {
      await sleep(this.options.faultMs / 2);
      await this.platform.killDoor();
      await sleep(200);
      await this.platform.startDoor();
    }
    stop.abort();
    await running;
    await this.#allComeBack('after the door was killed');
  }

  /** PUTs that end early, or are not what they say: no object, and not a piece on any node, without a sweep. */
  async lyingClients(): Promise<void> {
    await this.#until('no orphan shards before clients lie', ({ orphans }) => orphans === 0, orphanMs + longestRepairMs);
    const trailer = { 'content-encoding': 'aws-chunked', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-trailer': 'x-amz-checksum-crc32' };
    for (const size of [1000, 3_000_000]) {
      const body = randomBytes(size);
      const chunked = chunkedBody(body, 'AAAAAA==');
      const lies: readonly Omit<RawPut, 'path'>[] = [
        { headers: { 'content-length': String(size) }, body, cutAfter: size / 2 },
        { headers: { 'content-length': String(size), 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, body },
        { headers: { 'content-length': String(size), 'x-amz-checksum-crc32': 'AAAAAA==' }, body },
        { headers: { ...trailer, 'content-length': String(chunked.length), 'x-amz-decoded-content-length': String(size) }, body: chunked },
        { headers: { ...trailer, 'content-length': String(chunked.length), 'x-amz-decoded-content-length': String(size + 1) }, body: chunked },
      ];
      for (const [index, lie] of lies.entries()) {
        const path = `/${bucket}/lie-${size}-${index}`;
        const status = await rawPut(this.platform.url, { ...lie, path });
        this.#check(`${path} is refused: ${String(status)}`, status === null || (status >= 400 && status < 500));
      }
    }
    await this.#until('lying clients leave nothing', ({ orphans }) => orphans === 0, orphanMs / 2);
  }

  /** All pieces in their places, and nothing else on any disk. */
  async clean(): Promise<void> {
    await this.#repaired('in the end');
    await this.#until('no orphan shards stay', ({ orphans, missing }) => orphans === 0 && missing === 0, orphanMs + longestRepairMs);
    await this.#allComeBack('in the end');
  }

  async #underLoad(victims: readonly number[], then: (index: number) => void): Promise<void> {
    const stop = new AbortController();
    const running = this.load.run(stop.signal);
    await sleep(this.options.faultMs / 3);
    victims.forEach(then);
    await sleep((this.options.faultMs * 2) / 3);
    stop.abort();
    await running;
  }

  async #revive(victims: readonly number[]): Promise<void> {
    for (const index of victims) await this.platform.startNode(index);
  }

  async #allComeBack(when: string): Promise<void> {
    const lost = await this.load.readAll();
    this.options.tell(`${when}: ${this.load.acknowledged.size - lost.length} of ${this.load.acknowledged.size} objects come back`);
    this.#lost.push(...lost.map((key) => `${key} ${when}`));
  }

  #repaired(when: string): Promise<void> { return this.#until(`repaired ${when}`, ({ weak }) => weak === 0); }

  async #until(what: string, holds: (status: Status) => boolean, mostMs = longestRepairMs): Promise<void> {
    const startedAt = Date.now();
    let status = await this.platform.status();
    while (!holds(status) && Date.now() - startedAt < mostMs) {
      await sleep(200);
      status = await this.platform.status();
    }
    this.options.tell(`${what}: ${holds(status) ? 'yes' : 'NO'} after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    this.#check(`${what}: ${JSON.stringify(status)}`, holds(status));
  }

  #check(what: string, holds: boolean): void { if (!holds) this.#broken.push(what); }
}

/** `count` different ones of 0 to `of` - 1, by chance. */
function someOf(of: number, count: number): readonly number[] {
  const all = Array.from({ length: of }, (_, index) => index);
  return Array.from({ length: count }, () => all.splice(Math.floor(Math.random() * all.length), 1)[0] ?? 0);
}
