// An Olympus node with its witnesses in one process: `openNode`, and the local network's accounts.
export { developmentMnemonic, developmentWallet, localAllocations } from './development-accounts';
export { localGenesis } from './local-genesis';
export { ChainLocked } from './lock';
export { NodeHalted, openNode } from './node';
export { checkChain, type ChainCheck, type Damage } from './check-chain';
export { ChainFileRefused, type ChainFileEnd } from './chain-file';
export { exportChain, importChain, type ExportOptions, type ImportOptions } from './export-chain';
export { HistoryRefused, type HistoryDoubt } from './history-refused';
export { NotMended, repairChain, type Repair, type RepairOptions } from './repair-chain';
export { documentOf } from './genesis-document';
export { growHistory, type GrownHistory } from './grown-history';
export type { GenesisParts, SystemDeployment } from './genesis-document';
export type { NodeOptions, OlympusNode } from './node';
export type { NetworkOptions } from './peering';
export { newWitnessKey, type WitnessKey } from './witness-keys';
export type { Pace } from './witness';
export { genesisDeployer } from '@oort/ledger-chain';
export { LedgerFault } from '@oort/ledger-rpc';
