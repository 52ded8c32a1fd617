// What the platform and its users call on the chain's system contracts, as human-readable ABI (ethers).
// Their addresses come from the node: `olympus_contracts` -> {name: address}.
// `bytes32 id` is a caller's id that the contract refuses to see twice.

export const contractAbis = {
  Anchors: [
    'function anchor(uint64 treeSize, bytes32 root)',
    'function recordContent(bytes32 id, bytes32 contentRoot, uint8 kind, address author, uint64 anchoredSize)',
    'function recordTrainingRun(bytes32 id, bytes32[] datasetRoots, uint64 startedAt, uint64 endedAt, bytes32 modelRoot, bytes32 manifestHash)',
    'function latest() view returns (uint64 treeSize, bytes32 root)',
    'function trainingRunsOf(bytes32 datasetRoot) view returns (bytes32[])',
    'event Anchored(uint64 indexed treeSize, bytes32 root)',
    'event ContentRecorded(bytes32 indexed id, bytes32 indexed contentRoot, uint8 kind, address author, uint64 anchoredSize)',
    'event TrainingRunRecorded(bytes32 indexed id, bytes32 indexed modelRoot, bytes32[] datasetRoots, uint64 startedAt, uint64 endedAt, bytes32 manifestHash)',
  ],
  StakingPools: [
    'function createPool(uint16 commissionBasisPoints) payable',
    'function delegate(address pool) payable',
    'function requestExit(address pool, uint256 amount)',
    'function withdraw(address pool)',
    'function slash(bytes32 id, address pool, uint16 basisPoints) returns (uint256)',
    'function stakeOf(address pool) view returns (uint256 own, uint256 delegated, uint256 exiting, uint16 commissionBasisPoints, uint8 state)',
    'function delegationOf(address pool, address delegator) view returns (uint256)',
    'event PoolCreated(address indexed pool, uint256 ownStake, uint16 commissionBasisPoints)',
    'event Delegated(address indexed pool, address indexed delegator, uint256 amount)',
    'event ExitRequested(address indexed pool, address indexed staker, uint256 amount, uint64 availableAt)',
    'event Withdrawn(address indexed pool, address indexed staker, uint256 amount)',
    'event Slashed(address indexed pool, bytes32 indexed id, uint256 amount)',
  ],
  HonestyCourt: [
    'function commitBatch(bytes32 id, bytes32 root, uint32 count)',
    'function openBatch(bytes32 id, bytes32 openingsHash)',
    'function proposeSlash(bytes32 caseId, address pool, uint16 basisPoints, bytes32 evidenceHash)',
    'function appeal(bytes32 caseId) payable',
    'function settle(bytes32 caseId)',
    'event BatchCommitted(bytes32 indexed id, bytes32 root, uint32 count)',
    'event BatchOpened(bytes32 indexed id, bytes32 openingsHash)',
    'event SlashProposed(bytes32 indexed caseId, address indexed pool, uint16 basisPoints, bytes32 evidenceHash, uint64 appealUntil)',
    'event Appealed(bytes32 indexed caseId, address indexed by, uint256 bond)',
    'event Settled(bytes32 indexed caseId, address indexed pool, uint256 amount)',
  ],
  Governance: [
    'function propose(bytes32 parameter, uint256 value, string reason) payable returns (uint256 proposalId)',
    'function vote(uint256 proposalId, bool support)',
    'function execute(uint256 proposalId)',
    'function parameter(bytes32 name) view returns (uint256)',
    'function proposal(uint256 proposalId) view returns (address proposer, bytes32 parameter, uint256 value, uint64 votingEndsAt, uint64 executableAt, uint256 inFavour, uint256 against, bool executed)',
    'event Proposed(uint256 indexed proposalId, address indexed proposer, bytes32 parameter, uint256 value, uint64 votingEndsAt, string reason)',
    'event Voted(uint256 indexed proposalId, address indexed voter, bool support, uint256 weight)',
    'event Executed(uint256 indexed proposalId)',
    'event ParameterChanged(bytes32 indexed name, uint256 value)',
  ],
  Rewards: [
    'function publish(uint64 epoch, bytes32 root, uint256 cumulativeTotal) payable',
    'function claim(address account, uint256 cumulativeAmount, bytes32[] proof)',
    'function claimed(address account) view returns (uint256)',
    'function root() view returns (bytes32)',
    'event RootPublished(uint64 indexed epoch, bytes32 root, uint256 cumulativeTotal)',
    'event Claimed(address indexed account, uint256 amount, uint256 cumulativeAmount)',
  ],
  Payments: [
    'function pay(bytes32 invoiceId) payable',
    'event Paid(bytes32 indexed invoiceId, address indexed payer, uint256 amount)',
  ],
  Escrow: [
    'function fund(bytes32 id) payable',
    'function release(bytes32 callId, bytes32 id, address to, uint256 amount)',
    'function refund(bytes32 callId, bytes32 id)',
    'function balanceOf(bytes32 id) view returns (uint256)',
    'event Funded(bytes32 indexed id, address indexed from, uint256 amount)',
    'event Released(bytes32 indexed id, address indexed to, uint256 amount)',
    'event Refunded(bytes32 indexed id, address indexed to, uint256 amount)',
  ],
  DefiPool: [
    'function stake() payable',
    'function unstake(uint256 shares)',
    'function sharesOf(address account) view returns (uint256)',
    'function totalAssets() view returns (uint256)',
    'event Staked(address indexed account, uint256 amount, uint256 shares)',
    'event Unstaked(address indexed account, uint256 amount, uint256 shares)',
  ],
  InsurancePool: [
    'function balance() view returns (uint256)',
    'event Received(address indexed from, uint256 amount)',
  ],
} as const;

export type ContractName = keyof typeof contractAbis;

/** `kind` of Anchors.recordContent. */
export const contentKinds = { datasetVersion: 1, modelVersion: 2, rewardEpoch: 3 } as const;
