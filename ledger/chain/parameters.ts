import type { Json } from '@oort/kernel-wire';

/** Everything that may differ between two Olympus networks. JSON all the way, because the genesis hash commits to it. */
export interface ChainParameters {
  readonly name: string;
  readonly chainId: number;
  /** W: how many witnesses serve at once. */
  readonly witnessCount: number;
  readonly epochLength: number;
  /** Unix seconds. */
  readonly genesisTimestamp: number;
  /** Wei as a decimal string; null where any price from the base fee upward is taken. */
  readonly fixedGasPriceWei: string | null;
  readonly baseFeePerGasWei: string;
  /** EIP-2718 types taken from users; 0 is the legacy form with EIP-155. */
  readonly transactionTypes: readonly number[];
  readonly maximumTransactionGas: number;
  readonly maximumTransactionDataBytes: number;
  readonly maximumPendingPerAccount: number;
  readonly maximumParents: number;
  readonly maximumLinks: number;
  readonly futureToleranceSeconds: number;
  readonly hardfork: 'london' | 'shanghai' | 'cancun';
  /** What GASLIMIT shows; each transaction has the whole of it, since a block caps links and not gas. */
  readonly blockGasLimit: number;
  /** Absent: the genesis set serves every epoch, and blocks with approves are refused. */
  readonly elections?: ElectionParameters;
}

/** OLYMPUS.md section 4. */
export interface ElectionParameters {
  /** What the system transaction of an epoch pays out, and the unit to which each share is floored; wei. */
  readonly rewardWei: string;
  readonly rewardUnitWei: string;
  readonly trunkPoints: number;
  readonly offTrunkPoints: number;
  /** Ours: false takes the ticket and the points of an epoch from a witness that forked in it. */
  readonly forkersServe: boolean;
  /** Ours: the set elected when an epoch closes stands as a receipt in the root of the trunk block that closes it. */
  readonly setsInReceipts: boolean;
  /** The system contract whose full pools are the stake list, by its name in the genesis. */
  readonly stakeContract: string;
}

const usualElections: ElectionParameters = {
  rewardWei: '200000000000000000000', rewardUnitWei: '10000000000000', trunkPoints: 3, offTrunkPoints: 1, forkersServe: false,
  setsInReceipts: true,
  stakeContract: 'StakingPools',
};

/** m of OLYMPUS.md section 1. */
export function majorityOf(witnessCount: number): number {
  return Math.floor((2 * witnessCount) / 3) + 1;
}

export function epochOf(mci: number, parameters: ChainParameters): number {
  return Math.floor(mci / parameters.epochLength);
}

/** The local network: chain id 97031 was free in the public chain lists when it was chosen. */
export function localParameters(changes: Partial<ChainParameters> = {}): ChainParameters {
  return {
    name: 'olympus-local',
    chainId: 97031,
    witnessCount: 4,
    epochLength: 100,
    genesisTimestamp: 1_735_689_600,
    fixedGasPriceWei: null,
    baseFeePerGasWei: '1000000000',
    transactionTypes: [0, 1, 2],
    maximumTransactionGas: 50_000_000,
    maximumTransactionDataBytes: 131_072,
    maximumPendingPerAccount: 1024,
    maximumParents: 16,
    maximumLinks: 4096,
    futureToleranceSeconds: 300,
    hardfork: 'cancun',
    blockGasLimit: 50_000_000,
    elections: usualElections,
    ...changes,
  };
}

/** The live chain's figures as OLYMPUS.md sections 2 and 6 state them; its hard fork is not stated there (PROTOCOL.md). */
export function liveParameters(): ChainParameters {
  return localParameters({
    name: 'olympus',
    chainId: 970,
    witnessCount: 14,
    epochLength: 10_000,
    genesisTimestamp: 1_700_625_600,
    fixedGasPriceWei: '100000000000',
    baseFeePerGasWei: '0',
    transactionTypes: [0],
    maximumPendingPerAccount: 64,
    hardfork: 'shanghai',
    elections: { ...usualElections, forkersServe: true, setsInReceipts: false },
  });
}

export function parametersJson(parameters: ChainParameters): Json {
  const { elections, ...others } = parameters;
  return {
    ...others, transactionTypes: [...parameters.transactionTypes],
    ...(elections === undefined ? {} : { elections: { ...elections } }),
  };
}
