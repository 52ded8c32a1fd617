// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Paying} from "./Paying.sol";
import {PlatformOperated} from "./PlatformOperated.sol";

/// Money that waits for work: of missions and of jobs. What is left when an escrow closes belongs to its funders by share;
/// the first funder is paid at once, the others withdraw.
contract Escrow is PlatformOperated {
    struct Account {
        uint256 funded;
        uint256 balance;
        uint256 left;
        address first;
        bool closed;
    }

    mapping(bytes32 id => Account) private _accounts;
    mapping(bytes32 id => mapping(address funder => uint256)) public fundedBy;

    event Funded(bytes32 indexed id, address indexed from, uint256 amount);
    event Released(bytes32 indexed id, address indexed to, uint256 amount);
    event Refunded(bytes32 indexed id, address indexed to, uint256 amount);

    error NothingFunded();
    error EscrowClosed();
    error EscrowOpen();
    error NotEnough(uint256 balance);

    constructor(address platform) PlatformOperated(platform) {}

    function fund(bytes32 id) external payable {
        Account storage account = _accounts[id];
        if (account.closed) revert EscrowClosed();
        if (msg.value == 0) revert NothingFunded();
        if (account.first == address(0)) account.first = msg.sender;
        account.funded += msg.value;
        account.balance += msg.value;
        fundedBy[id][msg.sender] += msg.value;
        emit Funded(id, msg.sender, msg.value);
    }

    function release(bytes32 callId, bytes32 id, address to, uint256 amount) external onlyPlatform once(callId) {
        Account storage account = _accounts[id];
        if (account.closed) revert EscrowClosed();
        if (amount > account.balance) revert NotEnough(account.balance);
        account.balance -= amount;
        emit Released(id, to, amount);
        Address.sendValue(payable(to), amount);
    }

    function refund(bytes32 callId, bytes32 id) external onlyPlatform once(callId) {
        Account storage account = _accounts[id];
        if (account.closed) revert EscrowClosed();
        if (account.first == address(0)) revert NothingFunded();
        account.closed = true;
        account.left = account.balance;
        address first = account.first;
        uint256 share = fundedBy[id][first];
        uint256 amount = _takeShare(id, account, first);
        if (Paying.offer(first, amount)) {
            emit Refunded(id, first, amount);
            return;
        }
        // A funder that refuses its money must not keep the others from theirs.
        fundedBy[id][first] = share;
        account.balance += amount;
    }

    /// For funders other than the first, once the escrow is closed.
    function withdrawRefund(bytes32 id) external {
        Account storage account = _accounts[id];
        if (!account.closed) revert EscrowOpen();
        if (fundedBy[id][msg.sender] == 0) revert NothingFunded();
        uint256 amount = _takeShare(id, account, msg.sender);
        emit Refunded(id, msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    function balanceOf(bytes32 id) external view returns (uint256) {
        return _accounts[id].balance;
    }

    function _takeShare(bytes32 id, Account storage account, address funder) private returns (uint256 amount) {
        amount = Math.mulDiv(account.left, fundedBy[id][funder], account.funded);
        fundedBy[id][funder] = 0;
        account.balance -= amount;
    }
}
