// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// One pool per operator: its own stake, and delegations that share losses by shares.
/// Invariant: the contract's balance is at least the sum over pools of own + delegated + exiting,
/// and what shares are worth is never more than what they stand for.
/// A slash takes the operator's stake first, what of it is on its way out too, then delegations, then what else is on its way out.
/// While a court hears a case, so much stays as the case may take: exits go on, and what they would take of it waits. A court holds a
/// pool for `holdSeconds` at most; unless a conviction came of it, the pool then rests, so that all who want to leave can.
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

    /// What stood behind the pool when it was accused: what a slash is measured by, whoever leaves meanwhile.
    struct Hold { uint112 standing; uint112 amount; uint32 spell; }

    /// Cases of one court against one pool at the same time hold it together, from the first one on.
    struct Spell { uint112 amount; uint40 since; uint40 restUntil; uint32 number; uint32 open; }

    uint8 public constant STATE_NONE = 0;
    uint8 public constant STATE_PENDING = 1;
    uint8 public constant STATE_CANDIDATE = 2;
    uint8 public constant STATE_EXITING = 5;
    uint8 public constant STATE_EXITED = 6;
    uint256 public constant POOLS_PER_ACCOUNT = 32;
    uint256 private constant WHOLE = 10_000;

    address public immutable court;
    address public immutable forkCourt;
    address public immutable leafCourt;
    uint256 public immutable ownMinimum;
    uint256 public immutable delegationMinimum;
    uint256 public immutable fullPool;
    uint64 public immutable lockSeconds;
    uint64 public immutable exitSeconds;
    uint64 public immutable holdSeconds;

    mapping(address pool => Pool) private _pools;
    mapping(address pool => mapping(address staker => Exit)) private _exits;
    /// Each court has ids of its own, so that neither can use up an id of the other's.
    mapping(address court => mapping(bytes32 id => bool)) public slashed;
    mapping(address court => mapping(bytes32 id => Hold)) private _holds;
    mapping(address court => mapping(address pool => Spell)) private _spells;

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
    /// So much of a slash the operator's leaving stake bore, which delegations would have borne else.
    event DelegationsSpared(address indexed pool, bytes32 indexed id, uint256 amount);
    event StakeHeld(address indexed pool, bytes32 indexed id, uint256 amount);
    event HoldEnded(address indexed pool, bytes32 indexed id);

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
    error HeldForACase(uint256 amount, uint64 until);
    error NotTheCourt();
    error IdUsed(bytes32 id);

    constructor(
        address court_, address forkCourt_, address leafCourt_, uint256 ownMinimum_, uint256 delegationMinimum_, uint256 fullPool_, uint64 lockSeconds_,
        uint64 exitSeconds_, uint64 holdSeconds_
    ) {
        court = court_;
        forkCourt = forkCourt_;
        leafCourt = leafCourt_;
        holdSeconds = holdSeconds_;
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

    /// Pays what no open case may take. The rest waits, and is paid when it is asked for again.
    function withdraw(address poolAddress) external {
        Pool storage pool = _pools[poolAddress];
        Exit storage exit = _exits[poolAddress][msg.sender];
        if (exit.shares == 0 || exit.round != pool.exitRound) revert NothingToWithdraw();
        if (block.timestamp < exit.availableAt) revert NotYet(exit.availableAt);
        uint256 whole = _worth(exit.shares, pool.exiting, pool.exitingShares);
        (uint256 held, uint64 until) = heldOf(poolAddress);
        // The operator answers with his own before others do, so that nobody pays for one who has left.
        uint256 standing = msg.sender == poolAddress ? pool.own + whole : pool.own + pool.delegated + pool.exiting;
        uint256 amount = Math.min(whole, standing > held ? standing - held : 0);
        if (amount == 0 && whole != 0) revert HeldForACase(held, until);
        uint256 shares = amount == whole ? exit.shares : Math.min(Math.mulDiv(amount, pool.exitingShares, pool.exiting, Math.Rounding.Ceil), exit.shares);
        pool.exiting -= amount;
        pool.exitingShares -= shares;
        exit.shares -= shares;
        emit Withdrawn(poolAddress, msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// By a court that opens a case. Answers what is held: nothing while the pool rests from an earlier case, yet what stands now is
    /// noted, and a slash is measured by it.
    function hold(bytes32 id, address poolAddress, uint16 basisPoints) external returns (uint256 amount) {
        if (msg.sender != court && msg.sender != leafCourt) revert NotTheCourt();
        Hold storage held = _holds[msg.sender][id];
        if (slashed[msg.sender][id] || held.standing != 0) revert IdUsed(id);
        if (basisPoints > WHOLE) revert BasisPointsTooHigh();
        Pool storage pool = _pools[poolAddress];
        uint256 standing = pool.own + pool.delegated + pool.exiting;
        amount = Math.mulDiv(standing, basisPoints, WHOLE);
        held.standing = standing.toUint112();
        Spell storage spell = _spells[msg.sender][poolAddress];
        if (amount == 0 || !_bindsAnew(spell)) return 0;
        held.amount = amount.toUint112();
        held.spell = spell.number;
        spell.amount += held.amount;
        spell.open += 1;
        emit StakeHeld(poolAddress, id, amount);
    }

    /// By the court, of a case that came to nothing.
    function release(bytes32 id, address poolAddress) external {
        if (msg.sender != court && msg.sender != leafCourt) revert NotTheCourt();
        _endHold(id, poolAddress, false);
    }

    /// Takes a part of all that stands behind the pool, or stood there when it was accused, and hands it to the court that asks.
    function slash(bytes32 id, address poolAddress, uint16 basisPoints) external returns (uint256 amount) {
        if (msg.sender != court && msg.sender != forkCourt && msg.sender != leafCourt) revert NotTheCourt();
        if (slashed[msg.sender][id]) revert IdUsed(id);
        if (basisPoints > WHOLE) revert BasisPointsTooHigh();
        slashed[msg.sender][id] = true;
        Pool storage pool = _pools[poolAddress];
        uint256 standing = pool.own + pool.delegated + pool.exiting;
        uint256 accused = _holds[msg.sender][id].standing;
        amount = Math.min(standing, Math.mulDiv(accused == 0 ? standing : accused, basisPoints, WHOLE));
        _endHold(id, poolAddress, amount != 0);
        emit Slashed(poolAddress, id, amount);
        _take(id, poolAddress, pool, amount);
        if (amount != 0) Address.sendValue(payable(msg.sender), amount);
    }

    /// What open cases may take, and until when at the latest it is held.
    function heldOf(address poolAddress) public view returns (uint256 amount, uint64 until) {
        (amount, until) = heldBy(court, poolAddress);
        (uint256 more, uint64 other) = heldBy(leafCourt, poolAddress);
        return (amount + more, until > other ? until : other);
    }

    /// Of one court.
    function heldBy(address by, address poolAddress) public view returns (uint256 amount, uint64 until) {
        Spell storage spell = _spells[by][poolAddress];
        until = uint64(spell.since) + holdSeconds;
        return spell.open == 0 || block.timestamp >= until ? (0, 0) : (uint256(spell.amount), until);
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

    /// True where a hold binds now: in a spell that runs, or in a new one.
    function _bindsAnew(Spell storage spell) private returns (bool) {
        uint64 ends = uint64(spell.since) + holdSeconds;
        if (spell.open != 0 && block.timestamp < ends) return true;
        // Cases that are still open after the whole time hold nothing any more.
        if (spell.open != 0) spell.restUntil = uint40(ends + 2 * exitSeconds);
        spell.open = 0;
        spell.amount = 0;
        if (block.timestamp < spell.restUntil) return false;
        spell.since = uint40(block.timestamp);
        spell.number += 1;
        return true;
    }

    /// A conviction begins the time of other open cases anew; when all came to nothing the pool rests for twice the time of an exit.
    function _endHold(bytes32 id, address poolAddress, bool convicted) private {
        Hold memory held = _holds[msg.sender][id];
        delete _holds[msg.sender][id];
        Spell storage spell = _spells[msg.sender][poolAddress];
        if (held.amount == 0 || held.spell != spell.number || spell.open == 0) return;
        emit HoldEnded(poolAddress, id);
        spell.amount -= held.amount;
        spell.open -= 1;
        uint64 ends = uint64(spell.since) + holdSeconds;
        uint64 now_ = uint64(block.timestamp);
        if (convicted && now_ < ends) spell.since = uint40(now_);
        else if (spell.open == 0 && !convicted) spell.restUntil = uint40((now_ < ends ? now_ : ends) + 2 * exitSeconds);
    }

    function _take(bytes32 id, address poolAddress, Pool storage pool, uint256 amount) private {
        uint256 fromOwn = Math.min(amount, pool.own);
        uint256 rest = amount - fromOwn;
        uint256 fromOwnExit = rest == 0 ? 0 : _takeOwnExit(poolAddress, pool, rest);
        uint256 fromDelegated = Math.min(rest - fromOwnExit, pool.delegated);
        uint256 spared = Math.min(rest, pool.delegated) - fromDelegated;
        if (spared != 0) emit DelegationsSpared(poolAddress, id, spared);
        pool.own -= fromOwn;
        pool.delegated -= fromDelegated;
        pool.exiting -= rest - fromOwnExit - fromDelegated;
        if (pool.exiting == 0 && pool.exitingShares != 0) {
            pool.exitingShares = 0;
            pool.exitRound += 1;
        }
        _record(poolAddress, pool);
        _total.push(uint48(block.number), (_total.latest() - fromOwn - fromDelegated).toUint208());
    }

    /// Burns as many of the operator's shares of what leaves as the amount is worth, so that others' keep their worth.
    function _takeOwnExit(address poolAddress, Pool storage pool, uint256 most) private returns (uint256 taken) {
        Exit storage exit = _exits[poolAddress][poolAddress];
        if (exit.shares == 0 || exit.round != pool.exitRound) return 0;
        uint256 whole = _worth(exit.shares, pool.exiting, pool.exitingShares);
        taken = Math.min(most, whole);
        uint256 shares = taken == whole ? exit.shares : Math.min(Math.mulDiv(taken, pool.exitingShares, pool.exiting, Math.Rounding.Ceil), exit.shares);
        pool.exiting -= taken;
        pool.exitingShares -= shares;
        exit.shares -= shares;
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
