// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// What most people deploy first.
contract Token is ERC20 {
    constructor(uint256 supply) ERC20("Everyday", "DAY") {
        _mint(msg.sender, supply);
    }
}
