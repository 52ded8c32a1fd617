// A parameter changed by votes that weigh what their voters stake.
import { Contract, type Wallet } from 'ethers';
import { contractAbis } from '@oort/schema';
import type { LoopContext } from '../step';
import { sendPrepared } from './calls';

export const parameter = 'tokenDiscountBps';

interface Proposals { readonly proposals: { readonly edges: readonly { readonly node: { readonly id: string; readonly value: string; readonly inFavourWei: string; readonly againstWei: string } }[] } }

export async function parameterValue(context: LoopContext): Promise<number> {
  const { governedParameters } = await context.graphql<{ readonly governedParameters: readonly { readonly name: string; readonly value: string }[] }>('{ governedParameters { name value } }');
  return Number(governedParameters.find(({ name }) => name === parameter)?.value);
}

/** Answers the proposal's id once the votes are counted. */
export async function proposeAndVote(context: LoopContext, value: number, voters: readonly { readonly wallet: Wallet; readonly support: boolean }[]): Promise<string> {
  const [first] = voters;
  if (first === undefined) return '';
  await sendPrepared(context, first.wallet, 'prepareProposal', { parameter, value: String(value), reason: 'A larger discount brings more payers in OORT.' });
  const id = await context.eventually('the proposal', async () => {
    const { proposals } = await context.graphql<Proposals>('{ proposals(first: 1) { edges { node { id value inFavourWei againstWei } } } }');
    return proposals.edges.find(({ node }) => node.value === String(value))?.node.id;
  });
  for (const { wallet, support } of voters) await sendPrepared(context, wallet, 'prepareVote', { proposalId: id, support });
  context.made('proposal', `${id}: ${parameter} = ${value}`);
  return id;
}

export async function executeWhenDue(context: LoopContext, id: string, wallet: Wallet): Promise<{ readonly inFavour: bigint; readonly against: bigint }> {
  const { Governance: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const governance = new Contract(address, contractAbis.Governance, context.chain);
  const found = await governance.getFunction('proposal').staticCall(id) as { readonly executableAt: bigint; readonly inFavour: bigint; readonly against: bigint };
  // A second more: a block's time is that of the trunk block which carries it.
  await context.eventually('the end of the vote and its timelock', () => Promise.resolve(Date.now() / 1000 > Number(found.executableAt) + 1), 60_000);
  const receipt = await sendPrepared(context, wallet, 'prepareExecution', { proposalId: id });
  context.made('executed', receipt.hash);
  return found;
}
