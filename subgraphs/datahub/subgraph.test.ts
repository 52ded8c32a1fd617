// Opening and contributing, through the graph.
import { id as keccakOfText } from 'ethers';
import {
  ask,
  consented,
  consentRequest,
  contributeItems,
  digest,
  eventually,
  fundedMission,
  giveConsent,
  happened,
  imageOf,
  newPerson,
  nextTasks,
  openMission,
  openStage,
  type Batch,
} from './fixture-stage';

let close: () => Promise<void>;
beforeAll(async () => {
  close = await openStage();
});
afterAll(() => close());

describe('opening', () => {
  it('waits for the escrow', async () => {
    const owner = await newPerson();
    const mission = await ask<{ id: string; status: string; budgetWei: string }>(
      openMission,
      { ...digest, quota: 10 },
      owner,
    );
    expect(mission).toMatchObject({
      status: 'ANNOUNCED',
      budgetWei: String(10 * 1000 + 10 * 7 * 100),
    });
    expect(
      await ask(
        'query($input: ID!) { answer: prepareFunding(missionId: $input) { ... on FundingCall { to data valueWei } } }',
        mission.id,
      ),
    ).toEqual({
      to: '0x0000000000000000000000000000000000000009',
      data: expect.stringContaining(keccakOfText(mission.id).slice(2)) as string,
      valueWei: mission.budgetWei,
    });
    expect(await ask(nextTasks, { missionId: mission.id, first: 1 }, owner)).toEqual({
      code: 'MISSION_NOT_OPEN',
    });
    expect(await ask(openMission, { ...digest, quota: 0 }, owner)).toEqual({
      code: 'MISSION_INVALID',
      detail: { field: 'quota' },
    });
    expect(await ask(openMission, { ...digest, quota: 1 })).toMatchObject({
      code: 'NOT_SIGNED_IN',
    });
  });
});

describe('contributing', () => {
  it('takes what can be read and says why not to the rest', async () => {
    const missionId = await fundedMission(await newPerson(), 2);
    const person = await consented(missionId);
    const send = (...files: readonly (readonly [string, Buffer | string])[]): Promise<Batch> =>
      ask<Batch>(
        contributeItems,
        {
          missionId,
          items: files.map(([mediaType, bytes]) => ({
            mediaType,
            base64: typeof bytes === 'string' ? bytes : bytes.toString('base64'),
          })),
        },
        person,
      );
    expect(await ask(contributeItems, { missionId, items: [] }, await newPerson())).toEqual({
      code: 'TOO_MANY_AT_ONCE',
    });
    expect(
      await ask(
        contributeItems,
        { missionId, items: [{ mediaType: 'image/png', base64: '' }] },
        await newPerson(),
      ),
    ).toEqual({ code: 'NO_CONSENT' });
    const good = imageOf(1);
    const batch = await send(
      ['image/png', good],
      ['image/png', good],
      ['image/jpeg', imageOf(2)],
      ['image/png', good.subarray(0, 50)],
      ['image/png', '%%'],
      ['image/png', Buffer.alloc(1024 * 1024 + 1)],
      ['image/png', imageOf(3)],
      ['image/png', imageOf(4)],
    );
    expect(batch.items.map(({ refusal }) => refusal?.code ?? null)).toEqual([
      null,
      'DUPLICATE',
      'WRONG_TYPE',
      'UNREADABLE_IMAGE',
      'NOT_BASE64',
      'TOO_LARGE',
      null,
      'QUOTA_REACHED',
    ]);
    const failed = batch.items[6]?.contribution?.id ?? '';
    await happened({
      type: 'JobSubmitted',
      data: {
        jobId: 'job_f',
        kind: 'preprocess',
        submitter: 'platform',
        subject: { kind: 'contribution', id: failed },
        specHash: '',
        spec: null,
        reservedMicroUsd: '0',
      },
    });
    await happened({
      type: 'JobFailed',
      data: { jobId: 'job_f', kind: 'preprocess', submitter: 'platform', reason: 'no node' },
    });
    await eventually(async () =>
      (
        await ask<{ status: string }>(
          'query($input: ID!) { answer: contribution(id: $input) { status } }',
          failed,
        )
      ).status === 'REJECTED'
        ? true
        : null,
    );
    expect((await send(['image/png', imageOf(4)])).acceptedCount).toBe(1);
  });

  it('asks for a consent that its own wallet signed', async () => {
    const missionId = await fundedMission(await newPerson(), 2);
    const [person, stranger] = [await newPerson(), await newPerson()];
    const { message } = await ask<{ message: string }>(consentRequest, missionId, person);
    expect(
      await ask(
        giveConsent,
        { missionId, signature: await stranger.wallet.signMessage(message) },
        person,
      ),
    ).toEqual({ code: 'SIGNATURE_INVALID' });
    expect(
      await ask(
        giveConsent,
        { missionId, signature: await person.wallet.signMessage(message) },
        person,
      ),
    ).toHaveProperty('id');
  });
});
