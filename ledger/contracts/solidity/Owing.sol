// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Paying} from "./Paying.sol";

/// Pays at once where it can; what a receiver refuses waits until the receiver takes it. So nobody can stop a case by being paid.
abstract contract Owing {
    mapping(address account => uint256) public owed;

    event PaymentWaits(address indexed account, uint256 amount);
    event OwedPaid(address indexed account, uint256 amount);

    error NothingOwed();

    /// Sends what is owed to the caller anywhere: a contract that refuses money can have it sent elsewhere.
    function takeOwed(address payable to) external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed();
        owed[msg.sender] = 0;
        emit OwedPaid(msg.sender, amount);
        Address.sendValue(to, amount);
    }

    function _pay(address to, uint256 amount) internal {
        if (amount == 0 || Paying.offer(to, amount)) return;
        owed[to] += amount;
        emit PaymentWaits(to, amount);
    }
}
