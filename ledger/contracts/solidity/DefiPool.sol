// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// OORT staked for yield: what the pool receives belongs to all shares alike.
/// A wei begins as a million shares, and a million virtual shares and one virtual wei stand in the price (the decimals offset of
/// OpenZeppelin's ERC-4626): whoever makes shares dear by a gift takes at most a millionth of it from the next staker.
contract DefiPool {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;

    uint256 private constant SHARES_PER_WEI = 1e6;

    uint256 public totalAssets;
    uint256 public totalShares;
    mapping(address account => Checkpoints.Trace208) private _shares;
    Checkpoints.Trace208 private _total;

    event Staked(address indexed account, uint256 amount, uint256 shares);
    event Unstaked(address indexed account, uint256 amount, uint256 shares);
    event Received(address indexed from, uint256 amount);

    error NoShares();

    receive() external payable {
        totalAssets += msg.value;
        emit Received(msg.sender, msg.value);
    }

    function stake() external payable {
        uint256 shares = Math.mulDiv(msg.value, totalShares + SHARES_PER_WEI, totalAssets + 1);
        if (shares == 0) revert NoShares();
        totalAssets += msg.value;
        _set(msg.sender, sharesOf(msg.sender) + shares, totalShares + shares);
        emit Staked(msg.sender, msg.value, shares);
    }

    function unstake(uint256 shares) external {
        uint256 held = sharesOf(msg.sender);
        if (shares == 0 || shares > held) revert NoShares();
        uint256 amount = Math.mulDiv(shares, totalAssets + 1, totalShares + SHARES_PER_WEI);
        totalAssets -= amount;
        _set(msg.sender, held - shares, totalShares - shares);
        emit Unstaked(msg.sender, amount, shares);
        Address.sendValue(payable(msg.sender), amount);
    }

    function sharesOf(address account) public view returns (uint256) {
        return _shares[account].latest();
    }

    /// A vote for each wei of the first price; gifts and yield add none.
    function votesAt(address account, uint48 blockNumber) external view returns (uint256) {
        return _shares[account].upperLookupRecent(blockNumber) / SHARES_PER_WEI;
    }

    function totalVotesAt(uint48 blockNumber) external view returns (uint256) {
        return _total.upperLookupRecent(blockNumber) / SHARES_PER_WEI;
    }

    function _set(address account, uint256 shares, uint256 all) private {
        totalShares = all;
        _shares[account].push(uint48(block.number), shares.toUint208());
        _total.push(uint48(block.number), all.toUint208());
    }
}
