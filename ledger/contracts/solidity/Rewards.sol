// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {PlatformOperated} from "./PlatformOperated.sol";

/// A cumulative Merkle distributor. A root is refused unless the contract holds all that it lets be claimed.
contract Rewards is PlatformOperated {
    bytes32 public root;
    uint64 public epoch;
    uint256 public cumulativeTotal;
    uint256 public claimedTotal;
    mapping(address account => uint256) public claimed;

    event RootPublished(uint64 indexed epoch, bytes32 root, uint256 cumulativeTotal);
    event Claimed(address indexed account, uint256 amount, uint256 cumulativeAmount);
    event Received(address indexed from, uint256 amount);

    error NotTheNextEpoch(uint64 epoch);
    error TotalShrinks();
    error NotFunded(uint256 needed, uint256 held);
    error WrongProof();
    error NothingToClaim();
    error AboveTotal();

    constructor(address platform) PlatformOperated(platform) {}

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    function publish(uint64 epoch_, bytes32 root_, uint256 cumulativeTotal_) external payable onlyPlatform {
        if (epoch_ != epoch + 1) revert NotTheNextEpoch(epoch_);
        if (cumulativeTotal_ < cumulativeTotal) revert TotalShrinks();
        uint256 needed = cumulativeTotal_ - claimedTotal;
        if (address(this).balance < needed) revert NotFunded(needed, address(this).balance);
        epoch = epoch_;
        root = root_;
        cumulativeTotal = cumulativeTotal_;
        emit RootPublished(epoch_, root_, cumulativeTotal_);
    }

    /// Anybody may bring the proof; the money goes to the account.
    function claim(address account, uint256 cumulativeAmount, bytes32[] calldata proof) external {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, cumulativeAmount))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) revert WrongProof();
        uint256 before = claimed[account];
        if (cumulativeAmount <= before) revert NothingToClaim();
        uint256 amount = cumulativeAmount - before;
        if (claimedTotal + amount > cumulativeTotal) revert AboveTotal();
        claimed[account] = cumulativeAmount;
        claimedTotal += amount;
        emit Claimed(account, amount, cumulativeAmount);
        Address.sendValue(payable(account), amount);
    }
}
