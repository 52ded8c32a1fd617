import { genesisDeployer } from '@oort/ledger-chain';
import { systemDeployments } from '@oort/ledger-contracts';
import type { PlatformParameters } from '@oort/schema';
import { localAllocations } from './development-accounts';
import type { NodeOptions } from './node';

/** The genesis of a local network: development accounts, the platform's own key, and the system contracts. */
export function localGenesis(platform: string, parameters: PlatformParameters): NonNullable<NodeOptions['genesis']> {
  return {
    allocations: localAllocations(platform),
    deployments: systemDeployments({ deployer: genesisDeployer, platform, parameters }),
  };
}
