// A whole mission with a spammer in it, through the graph.
import { sha256Hex } from '@oort/kernel-wire';
import {
  addGoldItems,
  ask,
  consented,
  contributeItems,
  eventually,
  fundedMission,
  imageOf,
  labelAll,
  labels,
  newPerson,
  nextTasks,
  openStage,
  preprocess,
  sealVersion,
  store,
  truthOf,
  type Batch,
} from './fixture-stage';
import { Bench } from './bench';
import { progressOf } from './labelling';
import { itemLeaf, manifestRoot, type Manifest } from './index';

let close: () => Promise<void>;
beforeAll(async () => {
  close = await openStage();
});
afterAll(() => close());

describe('labelling and sealing', () => {
  it('finds the spammer, seals what people agree on, pays for it, and goes on with a next version', async () => {
    const owner = await newPerson();
    const missionId = await fundedMission(owner, 80);
    const people = await Promise.all(Array.from({ length: 8 }, () => consented(missionId)));
    const images = Array.from({ length: 72 }, (_, index) => imageOf(index + 10));
    const truth = new Map(images.map((bytes) => [sha256Hex(bytes), truthOf(bytes)]));
    const batches = await Promise.all(
      people.map((person, index) =>
        ask<Batch>(
          contributeItems,
          {
            missionId,
            items: images
              .slice(index * 9, index * 9 + 9)
              .map((bytes) => ({ mediaType: 'image/png', base64: bytes.toString('base64') })),
          },
          person,
        ),
      ),
    );
    expect(batches.reduce((sum, { acceptedCount }) => sum + acceptedCount, 0)).toBe(72);
    for (const batch of batches) await preprocess(batch);
    await eventually(async () =>
      (
        await ask<{ acceptedCount: number }>(
          'query($input: ID!) { answer: mission(id: $input) { acceptedCount } }',
          missionId,
        )
      ).acceptedCount === 72
        ? true
        : null,
    );

    const gold = batches
      .flatMap(({ items }) => items.slice(0, 2))
      .map(({ contribution }) => ({
        contributionId: contribution?.id ?? '',
        answer: truth.get(contribution?.sha256 ?? '') ?? '',
      }));
    expect(await ask(addGoldItems, { missionId, items: gold }, people[0])).toEqual({
      code: 'NOT_THE_OWNER',
    });
    expect(await ask(addGoldItems, { missionId, items: gold }, owner)).toEqual({ added: 16 });

    let random = 7;
    const dice = (): number => {
      random = (random * 1103515245 + 12345) % 2 ** 31;
      return random / 2 ** 31;
    };
    const anything = (): string => labels[Math.floor(dice() * 10)] ?? '0';
    const [spammer, ...honest] = people;
    if (spammer === undefined) throw new Error('no people');
    const [own, counts] = [
      new Set(batches[1]?.items.map(({ contribution }) => contribution?.sha256)),
      new Map<string, number>(),
    ];
    await labelAll(spammer, missionId, anything);
    // Twice, since an exclusion leaves items open that were settled.
    for (const person of [...honest, ...honest]) {
      await labelAll(person, missionId, (bytes) => {
        const hash = sha256Hex(bytes);
        if (person === honest[0]) counts.set(hash, (counts.get(hash) ?? 0) + 1);
        return dice() < 0.05 ? anything() : (truth.get(hash) ?? '');
      });
    }
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
    expect([...counts.keys()].some((hash) => own.has(hash))).toBe(false);
    expect(await ask(nextTasks, { missionId, first: 1 }, spammer)).toEqual({
      code: 'ANNOTATOR_EXCLUDED',
    });
    expect(
      await ask(
        'query($input: ID!) { answer: mission(id: $input) { labelling { openCount } } }',
        missionId,
      ),
    ).toEqual({ labelling: { openCount: 0 } });

    const version = await ask<{
      id: string;
      root: string;
      itemCount: number;
      agreementBefore: number;
      agreementAfter: number;
      manifest: string;
      jsonLines: string;
    }>(sealVersion, { missionId }, owner);
    const manifest = JSON.parse(version.manifest) as Manifest;
    expect(version).toMatchObject({
      itemCount: 72,
      root: manifestRoot(manifest.items),
      parentVersionId: null,
    });
    expect(version.agreementAfter).toBeGreaterThan(version.agreementBefore);
    expect(version.jsonLines.split('\n').filter((line) => line !== '')).toHaveLength(72);
    expect(itemLeaf(manifest.items[0] ?? ({} as never))).toHaveLength(32);
    expect(
      manifest.items.filter(({ sha256, label }) => truth.get(sha256) === label).length,
    ).toBeGreaterThanOrEqual(70);
    const earnings = await ask<{ accountId: string; kind: string }[]>(
      'query($input: ID!) { answer: earnings(missionId: $input) { accountId kind amountWei } }',
      missionId,
    );
    expect(earnings.filter(({ kind }) => kind === 'contribution')).toHaveLength(8);
    const paidForLabels = earnings
      .filter(({ kind }) => kind === 'label')
      .map(({ accountId }) => accountId);
    expect(paidForLabels.length).toBeGreaterThanOrEqual(3);
    expect(paidForLabels).not.toContain(spammer.actor.accountId);
    expect(await ask(sealVersion, { missionId }, owner)).toEqual({ code: 'NOTHING_TO_SEAL' });
    expect(await ask(sealVersion, { missionId }, spammer)).toEqual({ code: 'NOT_THE_OWNER' });

    const [first, second] = manifest.items;
    const withdraw =
      'mutation($input: WithdrawContributionInput!) { answer: withdrawContribution(input: $input) { ... on Contribution { status } } }';
    const contributor = people.find(({ actor }) => actor.accountId === first?.contributor);
    expect(await ask(withdraw, { contributionId: first?.contributionId }, contributor)).toEqual({
      status: 'WITHDRAWN',
    });
    const fresh = await ask<Batch>(
      contributeItems,
      { missionId, items: [{ mediaType: 'image/png', base64: imageOf(900).toString('base64') }] },
      honest[0],
    );
    await preprocess(fresh);
    await eventually(async () =>
      (
        await ask<{ acceptedCount: number }>(
          'query($input: ID!) { answer: mission(id: $input) { acceptedCount } }',
          missionId,
        )
      ).acceptedCount === 72
        ? true
        : null,
    );
    for (const person of honest.slice(1, 5)) await labelAll(person, missionId, () => '3');
    const next = await ask<{ itemCount: number; parentVersionId: string; manifest: string }>(
      sealVersion,
      { missionId },
      owner,
    );
    expect(next).toMatchObject({ itemCount: 72, parentVersionId: version.id });
    expect((JSON.parse(next.manifest) as Manifest).tombstones).toEqual([first?.itemId]);

    // A process that starts again knows from the log alone what this one knows.
    const again = new Bench(store);
    await again.catchUp();
    const refolded = again.missions.get(missionId);
    if (refolded === undefined) throw new Error('no mission');
    expect({ labelling: progressOf(refolded) }).toEqual(
      await ask(
        'query($input: ID!) { answer: mission(id: $input) { labelling { judgementCount settledCount openCount } } }',
        missionId,
      ),
    );

    const review =
      'mutation($input: RecordReviewInput!) { answer: recordReview(input: $input) { ... on Review { rating } ... on Refusal { code } } }';
    expect(await ask(review, { missionId, itemId: second?.itemId, rating: 5 }, owner)).toEqual({
      rating: 5,
    });
    expect(await ask(review, { missionId, itemId: 'item_none', rating: 5 }, owner)).toEqual({
      code: 'ITEM_UNKNOWN',
    });
  });
});
