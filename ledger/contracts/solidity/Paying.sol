// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Pays who may be hostile, where what follows must not depend on it: the receiver gets enough gas for a wallet that is a contract
/// and no more, so it can neither burn the caller's gas nor hand back an answer that costs memory.
library Paying {
    uint256 internal constant RECEIVER_GAS = 100_000;

    error TooLittleGas();

    /// False where the receiver refuses. A caller that leaves it too little gas is refused: nobody can make a payment fail from outside.
    function offer(address to, uint256 amount) internal returns (bool paid) {
        // A call hands on at most 63/64 of what is left (EIP-150); the rest covers the price of the call itself (yellow paper, appendix G).
        if (gasleft() < RECEIVER_GAS * 64 / 63 + 50_000) revert TooLittleGas();
        uint256 allowance = RECEIVER_GAS;
        assembly ("memory-safe") {
            paid := call(allowance, to, amount, 0, 0, 0, 0)
        }
    }
}
