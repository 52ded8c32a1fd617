// A person tells of themselves, and is forgotten.
import { Wallet } from 'ethers';
import { challenge, openRoom, signIn, type OpenRoom } from './fixture-room';

let room: OpenRoom;
beforeAll(async () => {
  room = await openRoom();
});
afterAll(() => room.close());

const ask: OpenRoom['ask'] = (source, variables, actor) => room.ask(source, variables, actor);
const person: OpenRoom['person'] = (wallet) => room.person(wallet);

describe('a person', () => {
  const told = '... on Account { displayName forgotten profile { displayName email legalName country } } ... on Refusal { code detail }';
  const update = `mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { ${told} } }`;
  const forget = 'mutation($i: ID!) { forgetAccount(input: { accountId: $i }) { ... on ForgottenAccount { accountId } ... on Refusal { code } } }';
  const profile = { displayName: 'Ada', email: 'ada@example.org', legalName: 'Ada King', country: 'GB' };

  it('tells of themselves what others may not read, but for the name they show', async () => {
    const [actor, stranger] = [await person(), await person()];
    expect(await ask(update, { i: profile }, actor)).toEqual({ updateProfile: { displayName: 'Ada', forgotten: false, profile } });
    const other = 'query($i: ID!) { account(id: $i) { displayName profile { email } } }';
    expect(await ask(other, { i: actor.accountId }, stranger)).toEqual({ account: { displayName: 'Ada', profile: null } });
    expect(await ask(update, { i: { country: 'GB' } }, actor)).toMatchObject({ updateProfile: { profile: { displayName: null, country: 'GB' } } });
  });

  it.each([
    ['email', { email: 'nobody' }], ['country', { country: 'Wales' }], ['displayName', { displayName: ' x' }], ['legalName', { legalName: 'x'.repeat(201) }],
  ])('is told what is wrong with the %s', async (field, input) => {
    expect(await ask(update, { i: input }, await person())).toMatchObject({ updateProfile: { code: 'PROFILE_INVALID', detail: { field } } });
  });

  it('is forgotten when they ask, and nobody else may ask', async () => {
    const wallet = Wallet.createRandom();
    const [actor, stranger] = [await person(wallet), await person()];
    await ask(update, { i: profile }, actor);
    const { createS3Key } = await ask<{ createS3Key: { id: string } }>('mutation { createS3Key { ... on S3Key { id } } }', {}, actor);
    expect(await ask(forget, { i: actor.accountId }, stranger)).toEqual({ forgetAccount: { code: 'NOT_YOUR_ACCOUNT' } });
    expect(await ask(forget, { i: actor.accountId })).toEqual({ forgetAccount: { code: 'NOT_SIGNED_IN' } });
    expect(await ask(forget, { i: actor.accountId }, { kind: 'node', nodeId: actor.accountId })).toEqual({ forgetAccount: { code: 'NOT_SIGNED_IN' } });
    expect(room.keysForgotten).toEqual([]);

    expect(await ask(forget, { i: actor.accountId }, actor)).toEqual({ forgetAccount: { accountId: actor.accountId } });
    expect(room.keysForgotten).toContain(actor.accountId);
    expect(room.subgraph.forgotten.has(actor.accountId)).toBe(true);
    expect(room.subgraph.s3Keys.find(createS3Key.id)).toBeNull();
    const all = 'query($i: ID!) { account(id: $i) { displayName forgotten profile { displayName email legalName country } s3Keys { revoked } } }';
    expect(await ask(all, { i: actor.accountId }, actor)).toEqual({
      account: {
        displayName: 'redacted', forgotten: true, s3Keys: [{ revoked: true }],
        profile: { displayName: 'redacted', email: 'redacted', legalName: 'redacted', country: 'redacted' },
      },
    });
    expect(await ask(update, { i: profile }, actor)).toMatchObject({ updateProfile: { code: 'ACCOUNT_FORGOTTEN' } });
    expect(await ask(forget, { i: actor.accountId }, actor)).toEqual({ forgetAccount: { accountId: actor.accountId } });
    const { signInChallenge } = await ask<{ signInChallenge: { message: string } }>(challenge, { a: wallet.address });
    const again = { m: signInChallenge.message, s: await wallet.signMessage(signInChallenge.message) };
    expect(await ask(signIn, again)).toEqual({ signIn: { code: 'ACCOUNT_FORGOTTEN' } });
  });
});
