// Operators stake for their nodes: a pool each, made with the operator's own wallet.
import { Contract, parseEther } from 'ethers';
import { contractAbis } from '@oort/schema';
import type { LoopContext } from './step';

const ownStakeOort = '15';
const commissionBasisPoints = 1000;

/** Every super node's operator has a pool afterwards. */
export async function ensurePools(context: LoopContext): Promise<void> {
  const { StakingPools: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const operators = [...context.agents.values()].filter(({ kind }) => kind === 'super').map(({ operator }) => operator);
  await Promise.all(operators.map(async (operator) => {
    const pools = new Contract(address, contractAbis.StakingPools, operator);
    const [own] = await pools.getFunction('stakeOf').staticCall(operator.address) as readonly bigint[];
    if (own !== 0n) return;
    const transaction = await pools.getFunction('createPool')(commissionBasisPoints, { value: parseEther(ownStakeOort) });
    await transaction.wait();
  }));
}
