// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// Invoices paid in OORT. One payer pays an invoice once; a stranger's dust cannot stand in the way of the customer.
contract Payments {
    address payable public immutable treasury;
    mapping(bytes32 invoiceId => mapping(address payer => uint256)) public paid;

    event Paid(bytes32 indexed invoiceId, address indexed payer, uint256 amount);

    error PaidAlready();
    error NothingPaid();

    constructor(address payable treasury_) {
        treasury = treasury_;
    }

    function pay(bytes32 invoiceId) external payable {
        if (msg.value == 0) revert NothingPaid();
        if (paid[invoiceId][msg.sender] != 0) revert PaidAlready();
        paid[invoiceId][msg.sender] = msg.value;
        emit Paid(invoiceId, msg.sender, msg.value);
        Address.sendValue(treasury, msg.value);
    }
}
