// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Owing} from "./Owing.sol";
import {PlatformOperated} from "./PlatformOperated.sol";

interface IStakingPools {
    function hold(bytes32 id, address pool, uint16 basisPoints) external returns (uint256);
    function release(bytes32 id, address pool) external;
    function slash(bytes32 id, address pool, uint16 basisPoints) external returns (uint256);
}

/// Commitments of phantoms, slashes, appeals, and the settling of each case once.
/// Of what is slashed a tenth goes to the finder, four tenths to the platform for refunds, the rest to the insurance pool.
/// From the accusation on the pool keeps what the case may take; StakingPools bounds how long.
/// More than WITHOUT_JURY, and whatever the pool appeals, is JuryCourt's to decide: the platform accuses, it does not judge.
contract HonestyCourt is PlatformOperated, Owing {
    struct Case {
        address pool;
        address finder;
        uint16 basisPoints;
        uint64 appealUntil;
        uint256 bond;
        Stage stage;
    }

    enum Stage { None, Proposed, Appealed, Upheld, Dismissed, Settled }

    /// More than this needs two thirds of a jury (HONESTY: Protocol, 5).
    uint16 public constant WITHOUT_JURY = 1_000;

    IStakingPools public immutable pools;
    address public immutable juries;
    address payable public immutable insurance;
    address payable public immutable refunds;
    uint64 public immutable appealSeconds;
    uint256 public immutable appealBond;

    mapping(bytes32 id => bytes32) public batchRoot;
    mapping(bytes32 id => bytes32) public openingsOf;
    mapping(bytes32 caseId => Case) public cases;

    event BatchCommitted(bytes32 indexed id, bytes32 root, uint32 count);
    event BatchOpened(bytes32 indexed id, bytes32 openingsHash);
    event SlashProposed(bytes32 indexed caseId, address indexed pool, uint16 basisPoints, bytes32 evidenceHash, uint64 appealUntil);
    event Appealed(bytes32 indexed caseId, address indexed by, uint256 bond);
    event JuryRecorded(bytes32 indexed caseId, uint16 toSlash, uint16 toDismiss, bytes32 votesHash, bool upheld);
    event Settled(bytes32 indexed caseId, address indexed pool, uint256 amount);
    event SlashDivided(bytes32 indexed caseId, address indexed finder, uint256 toFinder, uint256 toRefunds, uint256 toInsurance);

    error BatchUnknown();
    error BatchOpenedAlready();
    error WrongStage(Stage stage);
    error NotThePool();
    error BasisPointsTooHigh();
    error AppealOver(uint64 until);
    error AppealRuns(uint64 until);
    error WrongBond(uint256 bond);
    error JuryNeeded();
    error NotTheJuries();
    error OnlyFromPools();

    constructor(
        address platform, address pools_, address payable insurance_, uint64 appealSeconds_, uint256 appealBond_, address juries_
    ) PlatformOperated(platform) {
        pools = IStakingPools(pools_);
        juries = juries_;
        insurance = insurance_;
        refunds = payable(platform);
        appealSeconds = appealSeconds_;
        appealBond = appealBond_;
    }

    receive() external payable {
        if (msg.sender != address(pools)) revert OnlyFromPools();
    }

    function commitBatch(bytes32 id, bytes32 root, uint32 count) external onlyPlatform once(id) {
        batchRoot[id] = root;
        emit BatchCommitted(id, root, count);
    }

    function openBatch(bytes32 id, bytes32 openingsHash) external onlyPlatform {
        if (batchRoot[id] == 0) revert BatchUnknown();
        if (openingsOf[id] != 0) revert BatchOpenedAlready();
        openingsOf[id] = openingsHash;
        emit BatchOpened(id, openingsHash);
    }

    function proposeSlash(bytes32 caseId, address pool, uint16 basisPoints, bytes32 evidenceHash) external onlyPlatform once(caseId) {
        _propose(caseId, pool, basisPoints, evidenceHash, msg.sender);
    }

    /// Of what an officer's phantom found: the finder's share is the officer's, and it sits in no jury of the case.
    function proposeSlashFoundBy(address finder, bytes32 caseId, address pool, uint16 basisPoints, bytes32 evidenceHash)
        external onlyPlatform once(caseId)
    {
        _propose(caseId, pool, basisPoints, evidenceHash, finder);
    }

    function appeal(bytes32 caseId) external payable {
        Case storage found = cases[caseId];
        if (found.stage != Stage.Proposed) revert WrongStage(found.stage);
        if (msg.sender != found.pool) revert NotThePool();
        if (block.timestamp >= found.appealUntil) revert AppealOver(found.appealUntil);
        if (msg.value != appealBond) revert WrongBond(appealBond);
        found.stage = Stage.Appealed;
        found.bond = msg.value;
        emit Appealed(caseId, msg.sender, msg.value);
    }

    /// The last word of the juries. Two thirds slash as proposed, a smaller majority slashes up to what needs no jury, a tie dismisses.
    /// No votes at all mean that no jury could be had: then the slash that needs none stands, and nobody has lost the appeal.
    /// Whoever lost an appeal pays the jurors.
    function recordJury(bytes32 caseId, uint16 toSlash, uint16 toDismiss, bytes32 votesHash) external {
        if (msg.sender != juries) revert NotTheJuries();
        Case storage found = cases[caseId];
        if (!_needsJury(found)) revert WrongStage(found.stage);
        uint256 votes = uint256(toSlash) + toDismiss;
        bool upheld = votes == 0 || toSlash > toDismiss;
        bool whole = votes != 0 && uint256(toSlash) * 3 >= votes * 2;
        if (upheld && !whole && found.basisPoints > WITHOUT_JURY) found.basisPoints = WITHOUT_JURY;
        uint256 bond = found.bond;
        found.bond = 0;
        found.stage = upheld ? Stage.Upheld : Stage.Dismissed;
        emit JuryRecorded(caseId, toSlash, toDismiss, votesHash, upheld);
        if (!upheld) pools.release(caseId, found.pool);
        _pay(upheld && votes != 0 ? juries : found.pool, bond);
    }

    function needsJury(bytes32 caseId) external view returns (bool) {
        return _needsJury(cases[caseId]);
    }

    function partiesOf(bytes32 caseId) external view returns (address accused, address finder) {
        return (cases[caseId].pool, cases[caseId].finder);
    }

    /// Anybody may settle what is decided.
    function settle(bytes32 caseId) external {
        Case storage found = cases[caseId];
        if (found.stage != Stage.Proposed && found.stage != Stage.Upheld) revert WrongStage(found.stage);
        if (found.stage == Stage.Proposed) {
            if (found.basisPoints > WITHOUT_JURY) revert JuryNeeded();
            if (block.timestamp < found.appealUntil) revert AppealRuns(found.appealUntil);
        }
        found.stage = Stage.Settled;
        uint256 amount = pools.slash(caseId, found.pool, found.basisPoints);
        uint256 toFinder = amount / 10;
        uint256 toRefunds = amount * 4 / 10;
        uint256 toInsurance = amount - toFinder - toRefunds;
        emit Settled(caseId, found.pool, amount);
        emit SlashDivided(caseId, found.finder, toFinder, toRefunds, toInsurance);
        _pay(found.finder, toFinder);
        _pay(refunds, toRefunds);
        _pay(insurance, toInsurance);
    }

    function _propose(bytes32 caseId, address pool, uint16 basisPoints, bytes32 evidenceHash, address finder) private {
        if (basisPoints > 10_000) revert BasisPointsTooHigh();
        uint64 appealUntil = uint64(block.timestamp) + appealSeconds;
        cases[caseId] = Case(pool, finder, basisPoints, appealUntil, 0, Stage.Proposed);
        pools.hold(caseId, pool, basisPoints);
        emit SlashProposed(caseId, pool, basisPoints, evidenceHash, appealUntil);
    }

    function _needsJury(Case storage found) private view returns (bool) {
        return found.stage == Stage.Appealed || (found.stage == Stage.Proposed && found.basisPoints > WITHOUT_JURY);
    }
}
