// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// One pool per operator: its own stake, and delegations that share losses by shares.
/// Invariant: the contract's balance is at least the sum over pools of own + delegated + exiting,
/// and what shares are worth is never more than what they stand for.
/// A slash takes own stake first, then delegations, then stake that is on its way out.
contract StakingPools {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;

    struct Pool {
        uint256 own;
        uint256 delegated;
        uint256 delegatedShares;
        uint256 exiting;
        uint256 exitingShares;
        /// Counts total losses of the exiting stake: exits begun before one are worth nothing.
        uint64 exitRound;
        uint64 filledAt;
        uint16 commissionBasisPoints;
        bool exists;
    }

    struct Exit { uint256 shares; uint64 round; uint64 availableAt; }

    uint8 public constant STATE_NONE = 0;
    uint8 public constant STATE_PENDING = 1;
    uint8 public constant STATE_CANDIDATE = 2;
    uint8 public constant STATE_EXITING = 5;
    uint8 public constant STATE_EXITED = 6;
    uint256 public constant POOLS_PER_ACCOUNT = 32;
    uint256 private constant WHOLE = 10_000;

    address public immutable court;
    address public immutable forkCourt;
    uint256 public immutable ownMinimum;
    uint256 public immutable delegationMinimum;
    uint256 public immutable fullPool;
    uint64 public immutable lockSeconds;
    uint64 public immutable exitSeconds;

    mapping(address pool => Pool) private _pools;
    mapping(address pool => mapping(address staker => Exit)) private _exits;
    /// Each court has ids of its own, so that neither can use up an id of the other's.
    mapping(address court => mapping(bytes32 id => bool)) public slashed;

    mapping(address pool => Checkpoints.Trace208) private _own;
    mapping(address pool => Checkpoints.Trace208) private _assets;
    mapping(address pool => Checkpoints.Trace208) private _shares;
    mapping(address pool => mapping(address delegator => Checkpoints.Trace208)) private _sharesOf;
    mapping(address account => address[]) private _poolsOf;
    Checkpoints.Trace208 private _total;

    event PoolCreated(address indexed pool, uint256 ownStake, uint16 commissionBasisPoints);
    event StakeAdded(address indexed pool, uint256 amount);
    event Delegated(address indexed pool, address indexed delegator, uint256 amount);
    event ExitRequested(address indexed pool, address indexed staker, uint256 amount, uint64 availableAt);
    event Withdrawn(address indexed pool, address indexed staker, uint256 amount);
    event Slashed(address indexed pool, bytes32 indexed id, uint256 amount);

    error PoolExists();
    error NoPool();
    error BelowMinimum(uint256 minimum);
    error BasisPointsTooHigh();
    error OwnPool();
    error TooManyPools();
    error PoolWipedOut();
    error Locked(uint64 until);
    error NotEnoughStake();
    error NothingToWithdraw();
    error NotYet(uint64 availableAt);
    error NotTheCourt();
    error IdUsed(bytes32 id);

    constructor(
        address court_, address forkCourt_, uint256 ownMinimum_, uint256 delegationMinimum_, uint256 fullPool_, uint64 lockSeconds_, uint64 exitSeconds_
    ) {
        court = court_;
        forkCourt = forkCourt_;
        ownMinimum = ownMinimum_;
        delegationMinimum = delegationMinimum_;
        fullPool = fullPool_;
        lockSeconds = lockSeconds_;
        exitSeconds = exitSeconds_;
    }

    function createPool(uint16 commissionBasisPoints) external payable {
        Pool storage pool = _pools[msg.sender];
        if (pool.exists) revert PoolExists();
        if (msg.value < ownMinimum) revert BelowMinimum(ownMinimum);
        if (commissionBasisPoints > WHOLE) revert BasisPointsTooHigh();
        pool.exists = true;
        pool.own = msg.value;
        pool.commissionBasisPoints = commissionBasisPoints;
        _grown(msg.sender, pool, msg.value);
        emit PoolCreated(msg.sender, msg.value, commissionBasisPoints);
    }

    /// Adds to the caller's own stake.
    function addStake() external payable {
        Pool storage pool = _existing(msg.sender);
        if (pool.own + msg.value < ownMinimum) revert BelowMinimum(ownMinimum);
        pool.own += msg.value;
        _grown(msg.sender, pool, msg.value);
        emit StakeAdded(msg.sender, msg.value);
    }

    function delegate(address poolAddress) external payable {
        Pool storage pool = _existing(poolAddress);
        if (msg.sender == poolAddress) revert OwnPool();
        if (msg.value < delegationMinimum) revert BelowMinimum(delegationMinimum);
        // After near total losses a share would stand for so little that new money could not be counted finely.
        if (pool.delegatedShares != 0 && pool.delegated <= pool.delegatedShares / 1e9) revert PoolWipedOut();
        uint256 shares = pool.delegatedShares == 0 ? msg.value : Math.mulDiv(msg.value, pool.delegatedShares, pool.delegated);
        Checkpoints.Trace208 storage held = _sharesOf[poolAddress][msg.sender];
        if (held.length() == 0) {
            if (_poolsOf[msg.sender].length == POOLS_PER_ACCOUNT) revert TooManyPools();
            _poolsOf[msg.sender].push(poolAddress);
        }
        pool.delegated += msg.value;
        pool.delegatedShares += shares;
        held.push(uint48(block.number), (held.latest() + shares).toUint208());
        _grown(poolAddress, pool, msg.value);
        emit Delegated(poolAddress, msg.sender, msg.value);
    }

    /// Starts the exit of the caller's own stake or delegation. A second request joins the first and starts its wait anew.
    function requestExit(address poolAddress, uint256 amount) external {
        Pool storage pool = _existing(poolAddress);
        uint64 lockedUntil = pool.filledAt + lockSeconds;
        if (pool.filledAt != 0 && block.timestamp < lockedUntil) revert Locked(lockedUntil);
        if (amount == 0) revert NotEnoughStake();
        if (msg.sender == poolAddress) _takeOwn(pool, amount);
        else _takeDelegation(poolAddress, pool, amount);

        Exit storage exit = _exits[poolAddress][msg.sender];
        if (exit.round != pool.exitRound) exit.shares = 0;
        uint256 shares = pool.exitingShares == 0 ? amount : Math.mulDiv(amount, pool.exitingShares, pool.exiting);
        pool.exiting += amount;
        pool.exitingShares += shares;
        exit.shares += shares;
        exit.round = pool.exitRound;
        exit.availableAt = uint64(block.timestamp) + exitSeconds;
        _record(poolAddress, pool);
        _total.push(uint48(block.number), (_total.latest() - amount).toUint208());
        emit ExitRequested(poolAddress, msg.sender, amount, exit.availableAt);
    }

    function withdraw(address poolAddress) external {
        Pool storage pool = _pools[poolAddress];
        Exit memory exit = _exits[poolAddress][msg.sender];
        if (exit.shares == 0 || exit.round != pool.exitRound) revert NothingToWithdraw();
        if (block.timestamp < exit.availableAt) revert NotYet(exit.availableAt);
        uint256 amount = Math.mulDiv(exit.shares, pool.exiting, pool.exitingShares);
        pool.exiting -= amount;
        pool.exitingShares -= exit.shares;
        delete _exits[poolAddress][msg.sender];
        emit Withdrawn(poolAddress, msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// Takes a part of all that stands behind the pool and hands it to the court that asks, which divides it.
    function slash(bytes32 id, address poolAddress, uint16 basisPoints) external returns (uint256 amount) {
        if (msg.sender != court && msg.sender != forkCourt) revert NotTheCourt();
        if (slashed[msg.sender][id]) revert IdUsed(id);
        if (basisPoints > WHOLE) revert BasisPointsTooHigh();
        slashed[msg.sender][id] = true;
        Pool storage pool = _pools[poolAddress];
        amount = Math.mulDiv(pool.own + pool.delegated + pool.exiting, basisPoints, WHOLE);
        uint256 fromOwn = Math.min(amount, pool.own);
        uint256 fromDelegated = Math.min(amount - fromOwn, pool.delegated);
        uint256 fromExiting = amount - fromOwn - fromDelegated;
        pool.own -= fromOwn;
        pool.delegated -= fromDelegated;
        pool.exiting -= fromExiting;
        if (pool.exiting == 0 && pool.exitingShares != 0) {
            pool.exitingShares = 0;
            pool.exitRound += 1;
        }
        _record(poolAddress, pool);
        _total.push(uint48(block.number), (_total.latest() - fromOwn - fromDelegated).toUint208());
        emit Slashed(poolAddress, id, amount);
        if (amount != 0) Address.sendValue(payable(msg.sender), amount);
    }

    function stakeOf(address poolAddress)
        external view returns (uint256 own, uint256 delegated, uint256 exiting, uint16 commissionBasisPoints, uint8 state)
    {
        Pool storage pool = _pools[poolAddress];
        return (pool.own, pool.delegated, pool.exiting, pool.commissionBasisPoints, _stateOf(pool));
    }

    function delegationOf(address poolAddress, address delegator) public view returns (uint256) {
        Pool storage pool = _pools[poolAddress];
        return _worth(_sharesOf[poolAddress][delegator].latest(), pool.delegated, pool.delegatedShares);
    }

    function exitOf(address poolAddress, address staker) external view returns (uint256 amount, uint64 availableAt) {
        Pool storage pool = _pools[poolAddress];
        Exit memory exit = _exits[poolAddress][staker];
        if (exit.round != pool.exitRound) return (0, 0);
        return (_worth(exit.shares, pool.exiting, pool.exitingShares), exit.availableAt);
    }

    /// Own stake and delegations of the account as they stood after that block.
    function votesAt(address account, uint48 blockNumber) external view returns (uint256 votes) {
        votes = _own[account].upperLookupRecent(blockNumber);
        address[] storage pools = _poolsOf[account];
        for (uint256 i = 0; i < pools.length; i++) {
            address pool = pools[i];
            votes += _worth(
                _sharesOf[pool][account].upperLookupRecent(blockNumber),
                _assets[pool].upperLookupRecent(blockNumber),
                _shares[pool].upperLookupRecent(blockNumber)
            );
        }
    }

    /// The pool's own stake alone as it stood after that block: what a juror is weighed by.
    function ownAt(address pool, uint48 blockNumber) external view returns (uint256) {
        return _own[pool].upperLookupRecent(blockNumber);
    }

    function totalVotesAt(uint48 blockNumber) external view returns (uint256) {
        return _total.upperLookupRecent(blockNumber);
    }

    function _existing(address poolAddress) private view returns (Pool storage pool) {
        pool = _pools[poolAddress];
        if (!pool.exists) revert NoPool();
    }

    function _worth(uint256 shares, uint256 assets, uint256 allShares) private pure returns (uint256) {
        return allShares == 0 ? 0 : Math.mulDiv(shares, assets, allShares);
    }

    function _takeOwn(Pool storage pool, uint256 amount) private {
        if (amount > pool.own) revert NotEnoughStake();
        uint256 left = pool.own - amount;
        if (left != 0 && left < ownMinimum) revert BelowMinimum(ownMinimum);
        pool.own = left;
    }

    function _takeDelegation(address poolAddress, Pool storage pool, uint256 amount) private {
        if (amount > delegationOf(poolAddress, msg.sender)) revert NotEnoughStake();
        Checkpoints.Trace208 storage held = _sharesOf[poolAddress][msg.sender];
        // Rounded up, so that leaving never takes value from those who stay.
        uint256 shares = Math.min(Math.mulDiv(amount, pool.delegatedShares, pool.delegated, Math.Rounding.Ceil), held.latest());
        pool.delegated -= amount;
        pool.delegatedShares -= shares;
        held.push(uint48(block.number), (held.latest() - shares).toUint208());
    }

    function _grown(address poolAddress, Pool storage pool, uint256 amount) private {
        if (pool.filledAt == 0 && pool.own + pool.delegated >= fullPool) pool.filledAt = uint64(block.timestamp);
        _record(poolAddress, pool);
        _total.push(uint48(block.number), (_total.latest() + amount).toUint208());
    }

    function _record(address poolAddress, Pool storage pool) private {
        _own[poolAddress].push(uint48(block.number), pool.own.toUint208());
        _assets[poolAddress].push(uint48(block.number), pool.delegated.toUint208());
        _shares[poolAddress].push(uint48(block.number), pool.delegatedShares.toUint208());
    }

    function _stateOf(Pool storage pool) private view returns (uint8) {
        if (!pool.exists) return STATE_NONE;
        if (pool.own == 0) return pool.exiting == 0 && pool.delegated == 0 ? STATE_EXITED : STATE_EXITING;
        return pool.own + pool.delegated >= fullPool ? STATE_CANDIDATE : STATE_PENDING;
    }
}
