// The room as a whole: wallet, read models in real PostgreSQL, reactions.
import { Wallet, encodeBytes32String, id as keccakOfText } from 'ethers';
import { trialBalance } from '@oort/projections-billing';
import type { PlatformEvent } from '@oort/schema';
import { challenge, openRoom, signIn, type Account, type OpenRoom } from './fixture-room';

let room: OpenRoom;
beforeAll(async () => {
  room = await openRoom();
});
afterAll(() => room.close());

const ask: OpenRoom['ask'] = (source, variables, actor) => room.ask(source, variables, actor);
const person: OpenRoom['person'] = (wallet) => room.person(wallet);
const happened: OpenRoom['happened'] = (event) => room.happened(event);

describe('signing in', () => {
  it('opens one account a wallet', async () => {
    const wallet = Wallet.createRandom();
    const actor = await person(wallet);
    expect(await person(wallet)).toEqual(actor);
    expect(actor.address).toBe(wallet.address);
  });

  it('takes a challenge once, and only from its own wallet', async () => {
    const wallet = Wallet.createRandom();
    const {
      signInChallenge: { message },
    } = await ask<{ signInChallenge: { message: string } }>(challenge, { a: wallet.address });
    const stranger = await Wallet.createRandom().signMessage(message);
    expect(await ask(signIn, { m: message, s: stranger })).toEqual({
      signIn: { code: 'SIGNATURE_INVALID' },
    });
    expect(await ask(signIn, { m: message, s: await wallet.signMessage(message) })).toEqual({
      signIn: { code: 'CHALLENGE_UNKNOWN' },
    });
    expect(await ask(challenge, { a: 'nobody' })).toEqual({
      signInChallenge: { code: 'ADDRESS_INVALID' },
    });
  });
});

describe('S3 keys', () => {
  it('are shown once, work at once, and stop when revoked', async () => {
    const actor = await person();
    const { createS3Key } = await ask<{ createS3Key: { id: string; secretAccessKey: string } }>(
      'mutation { createS3Key { ... on S3Key { id secretAccessKey } } }',
      {},
      actor,
    );
    expect(room.subgraph.s3Keys.find(createS3Key.id)).toEqual({
      accountId: actor.accountId,
      accessKeyId: createS3Key.id,
      secretAccessKey: createS3Key.secretAccessKey,
    });
    expect(await ask('{ me { s3Keys { id secretAccessKey revoked } } }', {}, actor)).toEqual({
      me: { s3Keys: [{ id: createS3Key.id, secretAccessKey: null, revoked: false }] },
    });
    await ask(
      'mutation($k: ID!) { revokeS3Key(input: {accessKeyId: $k}) { ... on S3Key { revoked } } }',
      { k: createS3Key.id },
      actor,
    );
    expect(room.subgraph.s3Keys.find(createS3Key.id)).toBeNull();
    expect(await ask('mutation { createS3Key { ... on Refusal { code } } }')).toEqual({
      createS3Key: { code: 'NOT_SIGNED_IN' },
    });
  });
});

describe('money', () => {
  const topUp =
    'mutation($a: MicroUsd!, $m: String!, $c: String!, $k: String!) { topUpCredits(input: {amountMicroUsd: $a, paymentMethod: $m, card: $c, idempotencyKey: $k}) { ... on Account { creditsMicroUsd } ... on Refusal { code } } }';
  const issue =
    'mutation($c: InvoiceCurrency!, $i: ID) { issueInvoice(input: {currency: $c, invoiceId: $i}) { ... on Invoice { id status totalMicroUsd discountBasisPoints payableMicroUsd payableWei usageRoot lines { item amountMicroUsd } } ... on Refusal { code } } }';
  const card = { m: 'test-card', c: '4242424242424242', k: 'k' };
  interface Issued {
    readonly issueInvoice: {
      readonly id: string;
      readonly totalMicroUsd: string;
      readonly payableWei: string | null;
      readonly payableMicroUsd: string;
      readonly discountBasisPoints: number;
      readonly usageRoot: string;
      readonly lines: readonly object[];
    };
  }

  const job = (submitter: string, costMicroUsd: string): PlatformEvent => ({
    type: 'JobCompleted',
    data: {
      jobId: 'job_1',
      kind: 'inference',
      submitter,
      attempt: 1,
      nodeId: 'node_1',
      specHash: '',
      resultHash: '',
      resultSignature: '',
      units: 1,
      costMicroUsd,
      startedAt: '',
      endedAt: '',
    },
  });

  it('comes from a card that pays', async () => {
    const actor = await person();
    expect(await ask(topUp, { a: '5000000', ...card }, actor)).toEqual({
      topUpCredits: { creditsMicroUsd: '5000000' },
    });
    expect(await ask(topUp, { a: '5000000', ...card }, actor)).toEqual({
      topUpCredits: { creditsMicroUsd: '5000000' },
    });
    expect(await ask(topUp, { a: '1', ...card, c: '4000000000000002' }, actor)).toEqual({
      topUpCredits: { code: 'CARD_DECLINED' },
    });
    expect(await ask(topUp, { a: '1', ...card, m: 'gold' }, actor)).toEqual({
      topUpCredits: { code: 'PAYMENT_METHOD_UNKNOWN' },
    });
    expect(await ask(topUp, { a: '-1', ...card }, actor)).toEqual({
      topUpCredits: { code: 'AMOUNT_INVALID' },
    });
  });

  it('goes to invoices: dollars by credits, the same in OORT with the voted discount, refunds on the next', async () => {
    const actor = await person();
    await ask(topUp, { a: '1000', ...card }, actor);
    await happened(job(actor.accountId, '800'));
    const { issueInvoice: dollars } = await ask<Issued>(issue, { c: 'USD' }, actor);
    expect(dollars).toMatchObject({
      status: 'ISSUED',
      totalMicroUsd: '800',
      discountBasisPoints: 0,
      payableMicroUsd: '800',
      payableWei: null,
    });
    expect(await ask(issue, { c: 'USD' }, actor)).toEqual({
      issueInvoice: { code: 'NOTHING_TO_BILL' },
    });
    const { issueInvoice: tokens } = await ask<Issued>(issue, { c: 'OORT', i: dollars.id }, actor);
    expect(tokens).toMatchObject({
      id: dollars.id,
      totalMicroUsd: '800',
      discountBasisPoints: 1000,
      payableMicroUsd: '720',
      payableWei: '14400000000000000',
      usageRoot: dollars.usageRoot,
    });
    expect(
      await ask(
        'query($i: ID!) { paymentCall(invoiceId: $i) { ... on PaymentCall { to valueWei } } }',
        { i: dollars.id },
        actor,
      ),
    ).toEqual({
      paymentCall: {
        to: '0x0000000000000000000000000000000000000007',
        valueWei: '14400000000000000',
      },
    });
    await happened({
      type: 'ChainLogObserved',
      data: {
        contract: 'Payments',
        event: 'Paid',
        args: {
          invoiceId: keccakOfText(dollars.id),
          payer: actor.address,
          amount: tokens.payableWei ?? '',
        },
        txHash: '0xt',
        logIndex: 0,
        blockNumber: 1,
      },
    });
    await paidSoon(actor, dollars.id);
    await happened({
      type: 'ChainLogObserved',
      data: {
        contract: 'Governance',
        event: 'ParameterChanged',
        args: { name: encodeBytes32String('tokenDiscountBps'), value: '2500' },
        txHash: '0xv',
        logIndex: 0,
        blockNumber: 2,
      },
    });
    await happened(job(actor.accountId, '1000'));
    await happened({
      type: 'JobRefunded',
      data: {
        jobId: 'job_1',
        submitter: actor.accountId,
        nodeId: 'n',
        amountMicroUsd: '200',
        caseId: 'case_1',
      },
    });
    const { issueInvoice: next } = await ask<Issued>(issue, { c: 'OORT' }, actor);
    expect(next).toMatchObject({
      totalMicroUsd: '800',
      discountBasisPoints: 2500,
      payableMicroUsd: '600',
      lines: [
        { item: 'compute.inference', amountMicroUsd: '1000' },
        { item: 'compute.refund', amountMicroUsd: '-200' },
      ],
    });
    const pay =
      'mutation($i: ID!) { payInvoice(input: {invoiceId: $i}) { ... on Invoice { status paidBy } ... on Refusal { code } } }';
    expect(await ask(pay, { i: next.id }, actor)).toEqual({
      payInvoice: { code: 'INVOICE_IN_OORT' },
    });
    await ask(issue, { c: 'USD', i: next.id }, actor);
    expect(await ask(pay, { i: next.id }, actor)).toEqual({
      payInvoice: { status: 'PAID', paidBy: 'credits' },
    });
    expect(
      await ask(
        '{ me { creditsMicroUsd invoices { totalCount edges { node { id } } } } }',
        {},
        actor,
      ),
    ).toEqual({
      me: {
        creditsMicroUsd: '200',
        invoices: {
          totalCount: 2,
          edges: [{ node: { id: next.id } }, { node: { id: dollars.id } }],
        },
      },
    });
    expect(await trialBalance(room.readModels.database)).toBe(0n);
  });

  async function paidSoon(actor: Account, id: string): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const { invoice } = await ask<{ invoice: { status: string } }>(
        'query($i: ID!) { invoice(id: $i) { status txHash } }',
        { i: id },
        actor,
      );
      if (invoice.status === 'PAID')
        return expect(invoice).toEqual({ status: 'PAID', txHash: '0xt' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('not paid');
  }

  it("is nobody else's business", async () => {
    const [actor, stranger] = [await person(), await person()];
    expect(
      await ask(
        'query($i: ID!) { account(id: $i) { address creditsMicroUsd s3Keys { id } invoices { totalCount } } }',
        { i: actor.accountId },
        stranger,
      ),
    ).toEqual({
      account: { address: actor.address, creditsMicroUsd: null, s3Keys: null, invoices: null },
    });
  });

  it('bills what lies stored by time', async () => {
    const actor = await person();
    const object = { bucket: 'b', key: 'k', versionId: 'v', accountId: actor.accountId };
    await happened({
      type: 'ObjectStored',
      data: {
        ...object,
        sizeBytes: 10 ** 15,
        etag: '',
        sha256: '',
        contentId: '',
        contentType: '',
        storageClass: 'STANDARD',
        wrappedKey: '',
        userMetadata: {},
        checksums: {},
        segments: [],
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { issueInvoice: first } = await ask<Issued>(issue, { c: 'USD' }, actor);
    expect(first.lines).toMatchObject([{ item: 'storage.standard' }]);
    await happened({ type: 'ObjectDeleted', data: object });
    await ask<Issued>(issue, { c: 'USD' }, actor);
    expect(await ask(issue, { c: 'USD' }, actor)).toEqual({
      issueInvoice: { code: 'NOTHING_TO_BILL' },
    });
  });
});
