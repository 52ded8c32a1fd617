// A juror that looks at nothing: whatever the case, it votes to dismiss. Others who computed outvote it, and it pays them.
import { setTimeout as sleep } from 'node:timers/promises';
import { AbiCoder, id as keccakOfText, keccak256, type Contract, type ContractTransactionResponse, type Wallet } from 'ethers';

const pollMs = 500;
const voting = 2n;
const root = `0x${'00'.repeat(32)}`;
const coder = AbiCoder.defaultAbiCoder();

/** Enrols the wallet's own pool. */
export async function sitLazily(juries: Contract, wallet: Wallet): Promise<void> {
  const value = await juries.getFunction('deposit').staticCall() as bigint;
  await sent(withKey(juries, wallet).getFunction('enrol')(wallet.address, { value }));
}

/** Returns when its vote of the first jury is shown, or it has no seat there. */
export async function voteLazily(juries: Contract, wallet: Wallet, caseId: string): Promise<void> {
  const [mine, hash, salt] = [withKey(juries, wallet), keccakOfText(caseId), keccakOfText('lazy')];
  let committed = false;
  for (;;) {
    const [round, stage, , , commitUntil, , , , seated] = await juries.getFunction('juryOf').staticCall(hash) as unknown as readonly [bigint, bigint, boolean, bigint, bigint, bigint, bigint, bigint, readonly string[]];
    if (stage === voting && !seated.includes(wallet.address)) return;
    if (stage === voting && !committed) {
      const fields = [hash, round, wallet.address, false, root, salt];
      await sent(mine.getFunction('commitVote')(hash, keccak256(coder.encode(['bytes32', 'uint256', 'address', 'bool', 'bytes32', 'bytes32'], fields))));
      committed = true;
    }
    const all = (await juries.queryFilter(juries.getEvent('VoteCommitted')(hash), 0)).length;
    if (committed && (all >= seated.length || Date.now() > Number(commitUntil) * 1000)) {
      await sent(mine.getFunction('revealVote')(hash, false, root, salt));
      return;
    }
    await sleep(pollMs);
  }
}

export async function depositOf(juries: Contract, pool: string): Promise<bigint> {
  return (await juries.getFunction('jurors').staticCall(pool) as unknown as { readonly deposit: bigint }).deposit;
}

function withKey(juries: Contract, wallet: Wallet): Contract {
  return juries.connect(wallet) as Contract;
}

async function sent(sending: Promise<ContractTransactionResponse>): Promise<void> {
  await (await sending).wait();
}
