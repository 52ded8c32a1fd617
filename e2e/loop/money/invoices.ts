// An invoice in dollars, the same in OORT with the discount, and what a vote does to the next one.
import type { LoopContext } from '../step';
import { send } from './calls';

interface Invoice {
  readonly __typename: string; readonly id: string; readonly status: string; readonly totalMicroUsd: string; readonly discountBasisPoints: number;
  readonly payableMicroUsd: string; readonly payableWei: string | null; readonly txHash: string | null; readonly lines: readonly { readonly amountMicroUsd: string }[];
  readonly code?: string; readonly message?: string;
}
interface PaymentCall { readonly __typename: string; readonly to: string; readonly data: string; readonly valueWei: string }

const fields = 'id status totalMicroUsd discountBasisPoints payableMicroUsd payableWei txHash lines { amountMicroUsd }';
const issueMutation = `mutation Issue($input: IssueInvoiceInput!) { issueInvoice(input: $input) { __typename ... on Invoice { ${fields} } ... on Refusal { code message } } }`;
const callQuery = 'query Pay($id: ID!) { paymentCall(invoiceId: $id) { __typename ... on PaymentCall { to data valueWei } ... on Refusal { code message } } }';
const invoiceQuery = `query Invoice($id: ID!) { invoice(id: $id) { ${fields} } }`;
const inferMutation = `mutation Infer($versionId: ID!, $image: String!) {
  infer(input: { versionId: $versionId, imageBase64: $image }) { __typename ... on Refusal { code message } }
}`;

async function issue(context: LoopContext, input: { readonly currency: 'USD' | 'OORT'; readonly invoiceId?: string }): Promise<Invoice> {
  return (await context.graphql<{ readonly issueInvoice: Invoice }>(issueMutation, { input }, context.customer)).issueInvoice;
}

export async function payWithDiscount(context: LoopContext, discountBasisPoints: number): Promise<void> {
  const dollars = await issue(context, { currency: 'USD' });
  context.check('an invoice in dollars from usage', dollars.__typename === 'Invoice' && BigInt(dollars.totalMicroUsd) > 0n, dollars.code ?? `${dollars.totalMicroUsd} micro-dollars`);
  if (dollars.__typename !== 'Invoice') return;
  context.made('invoice', `${dollars.id}, ${dollars.lines.length} lines, ${dollars.payableMicroUsd} micro-dollars`);
  const lines = dollars.lines.reduce((sum, { amountMicroUsd }) => sum + BigInt(amountMicroUsd), 0n);
  context.check('its lines add up', lines === BigInt(dollars.totalMicroUsd));
  const oort = await issue(context, { currency: 'OORT', invoiceId: dollars.id });
  const expected = BigInt(dollars.totalMicroUsd) - BigInt(dollars.totalMicroUsd) * BigInt(discountBasisPoints) / 10_000n;
  context.check('the same in OORT takes the discount', oort.discountBasisPoints === discountBasisPoints && BigInt(oort.payableMicroUsd) === expected,
    oort.code ?? `${oort.discountBasisPoints / 100} % off: ${oort.payableMicroUsd} micro-dollars, ${oort.payableWei} wei`);
  const { paymentCall } = await context.graphql<{ readonly paymentCall: PaymentCall }>(callQuery, { id: oort.id }, context.customer);
  const receipt = await send(context.customer.wallet, 'paymentCall', paymentCall);
  const paid = await context.eventually('the paid invoice', async () => {
    const { invoice } = await context.graphql<{ readonly invoice: Invoice | null }>(invoiceQuery, { id: oort.id }, context.customer);
    return invoice?.status === 'PAID' ? invoice : null;
  });
  context.made('paid on chain', receipt.hash);
  context.check('the chain paid it', paid.txHash === receipt.hash);
}

/** Some more work, billed with whatever discount holds now. */
export async function checkNextInvoice(context: LoopContext, discountBasisPoints: number): Promise<void> {
  const [image] = context.images.heldOut;
  const { infer } = await context.graphql<{ readonly infer: { readonly __typename: string; readonly code?: string } }>(
    inferMutation, { versionId: context.artifacts.modelVersionId, image: image?.png.toString('base64') }, context.customer);
  context.check('more work was done to bill', infer.__typename === 'Prediction', infer.code);
  const next = await issue(context, { currency: 'OORT' });
  context.check('the next invoice shows the voted discount', next.discountBasisPoints === discountBasisPoints, next.code ?? `${next.discountBasisPoints / 100} % off`);
}
