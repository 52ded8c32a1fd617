// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {PlatformOperated} from "./PlatformOperated.sol";

/// Half of every slash, kept for customers whose loss no slash covers.
contract InsurancePool is PlatformOperated {
    event Received(address indexed from, uint256 amount);
    event PaidOut(bytes32 indexed callId, address indexed to, uint256 amount);

    constructor(address platform) PlatformOperated(platform) {}

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    function payOut(bytes32 callId, address to, uint256 amount) external onlyPlatform once(callId) {
        emit PaidOut(callId, to, amount);
        Address.sendValue(payable(to), amount);
    }

    function balance() external view returns (uint256) {
        return address(this).balance;
    }
}
