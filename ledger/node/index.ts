// An Olympus node with its witnesses in one process: `openNode`, and the local network's accounts.
export { developmentMnemonic, developmentWallet, localAllocations } from './development-accounts';
export { localGenesis } from './local-genesis';
export { ChainLocked } from './lock';
export { NodeHalted, openNode } from './node';
export type { NodeOptions, OlympusNode, SystemDeployment } from './node';
export type { Pace } from './witness';
export { genesisDeployer } from '@oort/ledger-chain';
export { LedgerFault } from '@oort/ledger-rpc';
