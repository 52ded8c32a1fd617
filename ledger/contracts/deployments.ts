// The contracts that stand on a network from its genesis on, in the order of their deployment.
// Some need the address of one that comes later: CREATE addresses follow from the deployer and its nonce alone (yellow paper, 7).
import { AbiCoder, concat, encodeBytes32String, getCreateAddress } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { governedParameters, type ContractName, type PlatformParameters } from '@oort/schema';
import { artifact } from './artifact';

export interface Deployment { readonly name: ContractName; readonly address: string; readonly initCode: string }

export interface Genesis {
  /** Deploys with nonces 0, 1, 2, ... */
  readonly deployer: string;
  /** Holds the platform's roles. */
  readonly platform: string;
  readonly parameters: PlatformParameters;
}

export class ContractNotCompiled extends Fault {
  constructor(name: string) { super('CONTRACT_NOT_COMPILED', `artifact.json lacks ${name}`, { name }); }
}

const order = [
  'InsurancePool', 'StakingPools', 'HonestyCourt', 'DefiPool', 'Rewards', 'Governance', 'Anchors', 'Payments', 'Escrow', 'JuryCourt', 'ForkCourt',
  'LeafCourt', 'OfficerCourt',
] as const satisfies readonly ContractName[];

type Arguments = { readonly types: readonly string[]; readonly values: readonly unknown[] };

export function systemAddresses(deployer: string): Readonly<Record<ContractName, string>> {
  const at = (name: (typeof order)[number]): string => getCreateAddress({ from: deployer, nonce: order.indexOf(name) });
  return {
    Anchors: at('Anchors'), StakingPools: at('StakingPools'), HonestyCourt: at('HonestyCourt'), Governance: at('Governance'), Rewards: at('Rewards'),
    Payments: at('Payments'), Escrow: at('Escrow'), DefiPool: at('DefiPool'), InsurancePool: at('InsurancePool'), JuryCourt: at('JuryCourt'), ForkCourt: at('ForkCourt'),
    LeafCourt: at('LeafCourt'), OfficerCourt: at('OfficerCourt'),
  };
}

export function systemDeployments(genesis: Genesis): readonly Deployment[] {
  const addresses = systemAddresses(genesis.deployer);
  return order.map((name) => {
    const compiled = artifact().contracts[name];
    if (compiled === undefined) throw new ContractNotCompiled(name);
    const { types, values } = argumentsOf(name, genesis, addresses);
    return { name, address: addresses[name], initCode: concat([compiled.initCode, AbiCoder.defaultAbiCoder().encode(types, values)]) };
  });
}

function argumentsOf(name: ContractName, { platform, parameters: p }: Genesis, at: Readonly<Record<ContractName, string>>): Arguments {
  switch (name) {
    case 'Anchors':
    case 'Rewards':
    case 'Payments':
    case 'Escrow':
    case 'InsurancePool':
      return { types: ['address'], values: [platform] };
    case 'DefiPool':
      return { types: [], values: [] };
    case 'StakingPools':
      return {
        types: ['address', 'address', 'address', 'uint256', 'uint256', 'uint256', 'uint64', 'uint64', 'uint64'],
        values: [
          at.HonestyCourt, at.ForkCourt, at.LeafCourt, p.poolOwnMinimumWei, p.delegationMinimumWei, p.fullPoolWei, p.poolLockSeconds, p.poolExitSeconds, longestCase(p),
        ],
      };
    case 'HonestyCourt':
      return {
        types: ['address', 'address', 'address', 'uint64', 'uint256', 'address'],
        values: [platform, at.StakingPools, at.InsurancePool, p.appealSeconds, p.appealBondWei, at.JuryCourt],
      };
    case 'JuryCourt':
      return {
        types: ['address', 'address', 'uint16', 'uint256', 'uint64', 'uint256', 'uint64', 'uint256'],
        values: [at.HonestyCourt, at.StakingPools, p.jurySeats, p.jurorDepositWei, p.jurySeconds, p.jurorWageWei, p.appealSeconds, p.appealBondWei],
      };
    case 'ForkCourt':
      return { types: ['address', 'address', 'uint16'], values: [at.StakingPools, at.InsurancePool, p.forkSlashBasisPoints] };
    case 'LeafCourt':
      return {
        types: ['address', 'address', 'address', 'uint64', 'uint64', 'uint256', 'uint16'],
        values: [at.StakingPools, at.InsurancePool, platform, p.leafAnswerSeconds, p.inventorySeconds, p.leafBondWei, p.leafSlashBasisPoints],
      };
    case 'OfficerCourt':
      return {
        types: ['address', 'address', 'tuple(uint16,uint32,uint64,uint64,uint64,uint64,uint256,uint256,uint256)'],
        values: [at.StakingPools, at.HonestyCourt, [
          p.officerSeats, p.officerQuota, p.officerDrawSeconds, p.officerPeriodSeconds, p.officerShowSeconds, p.officerDisputeSeconds,
          p.officerDepositWei, p.officerWageWei, p.officerBondWei,
        ]],
      };
    case 'Governance': {
      const governed = governedParameters(p);
      return {
        types: ['address', 'address', 'address', 'uint64', 'uint64', 'uint16', 'uint256', 'bytes32[]', 'uint256[]', 'uint256[]'],
        values: [
          at.StakingPools, at.DefiPool, at.Rewards, p.votingSeconds, p.timelockSeconds, p.quorumBasisPoints, p.proposalDepositWei,
          governed.map((parameter) => encodeBytes32String(parameter.name)), governed.map(({ value }) => value), governed.map(({ maximum }) => maximum),
        ],
      };
    }
  }
}

/** Seconds from an accusation to the last verdict, when every appeal is made and every jury is drawn as often as it may be (JuryCourt: ROUNDS, ATTEMPTS). */
function longestCase({ appealSeconds, jurySeconds }: PlatformParameters): number {
  return appealSeconds + 4 * (3 * 2 * jurySeconds + appealSeconds);
}
