// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// A contract that the platform's key operates. The key administers its own role, so it can be rotated.
/// Ids that the platform chooses are refused the second time: a call that was sent twice counts once.
abstract contract PlatformOperated is AccessControl {
    bytes32 public constant PLATFORM_ROLE = keccak256("PLATFORM_ROLE");

    mapping(bytes32 id => bool) public used;

    error IdUsed(bytes32 id);

    constructor(address platform) {
        _grantRole(DEFAULT_ADMIN_ROLE, platform);
        _grantRole(PLATFORM_ROLE, platform);
    }

    modifier onlyPlatform() {
        _checkRole(PLATFORM_ROLE);
        _;
    }

    modifier once(bytes32 id) {
        if (used[id]) revert IdUsed(id);
        used[id] = true;
        _;
    }
}
