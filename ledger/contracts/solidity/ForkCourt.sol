// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Paying} from "./Paying.sol";
import {WitnessBlock} from "./WitnessBlock.sol";

interface IForkedPools {
    function slash(bytes32 id, address pool, uint16 basisPoints) external returns (uint256);
    function stakeOf(address pool) external view returns (uint256, uint256, uint256, uint16, uint8);
    function exitOf(address pool, address staker) external view returns (uint256, uint64);
}

/// Two signed blocks of one witness on one previous prove a fork to anybody: no jury, no appeal, no role.
/// The witness's pool is slashed once for each block that it has forked on. The reporter gets a tenth of what the witness itself
/// loses and nothing of what its delegators lose, so that nobody gains by forking and reporting himself; the rest is insured.
contract ForkCourt {
    IForkedPools public immutable pools;
    address payable public immutable insurance;
    uint16 public immutable slashBasisPoints;

    event ForkProven(
        bytes32 indexed id, address indexed witness, address indexed reporter, bytes32 one, bytes32 other, uint256 slashed, uint256 toReporter
    );

    error SameBlockTwice();
    error RootsDiffer();
    error NothingAtStake();
    error OnlyFromPools();

    constructor(address pools_, address payable insurance_, uint16 slashBasisPoints_) {
        pools = IForkedPools(pools_);
        insurance = insurance_;
        slashBasisPoints = slashBasisPoints_;
    }

    receive() external payable {
        if (msg.sender != address(pools)) revert OnlyFromPools();
    }

    /// Takes the wire forms, in either order.
    function report(bytes calldata one, bytes calldata other) external returns (uint256 slashed) {
        (address witness, bytes32 previous, bytes32 oneHash) = WitnessBlock.read(one);
        bytes32 otherHash = _twin(other, witness, previous);
        if (oneHash == otherHash) revert SameBlockTwice();
        (bytes32 lower, bytes32 higher) = oneHash < otherHash ? (oneHash, otherHash) : (otherHash, oneHash);
        return _slash(witness, forkId(witness, previous), lower, higher);
    }

    /// One deed has one id, however many blocks stand on the previous one.
    function forkId(address witness, bytes32 previous) public pure returns (bytes32) {
        return keccak256(abi.encode("fork", witness, previous));
    }

    function _slash(address witness, bytes32 id, bytes32 lower, bytes32 higher) private returns (uint256 slashed) {
        uint256 own = _ownStake(witness);
        slashed = pools.slash(id, witness, slashBasisPoints);
        // The proof stays good for a pool that is opened later.
        if (slashed == 0) revert NothingAtStake();
        uint256 toReporter = (own < slashed ? own : slashed) / 10;
        emit ForkProven(id, witness, msg.sender, lower, higher, slashed, toReporter);
        if (!Paying.offer(msg.sender, toReporter)) toReporter = 0;
        Address.sendValue(insurance, slashed - toReporter);
    }

    function _twin(bytes calldata wire, address witness, bytes32 previous) private pure returns (bytes32) {
        (address author, bytes32 root, bytes32 hash) = WitnessBlock.read(wire);
        if (author != witness || root != previous) revert RootsDiffer();
        return hash;
    }

    function _ownStake(address witness) private view returns (uint256) {
        (uint256 own,,,,) = pools.stakeOf(witness);
        (uint256 leaving,) = pools.exitOf(witness, witness);
        return own + leaving;
    }
}
