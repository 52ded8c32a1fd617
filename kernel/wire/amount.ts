/** `bps` ten-thousandths of an amount, rounded towards zero, as Solidity's integer division does. */
export function basisPointsOf(amount: bigint, bps: number): bigint {
  return (amount * BigInt(bps)) / 10_000n;
}
