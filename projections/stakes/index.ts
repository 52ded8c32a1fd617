// Who stakes what on whom, who votes for what, and which parameters hold?
export { type DefiStakeRow, type EscrowRow, type ParameterRow, type PoolRow, type ProposalRow, type VoteRow } from './entities';
export { stakesProjection } from './projection';
export {
  defiStakeOf, defiStakes, delegations, escrow, governedParameter, governedParameters, poolOf, pools, proposal, proposals, votesOn, type Delegation,
} from './questions';
