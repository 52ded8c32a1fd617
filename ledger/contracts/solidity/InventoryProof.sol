// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Checks that a leaf of an inventory is there, as algorithms/possession does: a path in the Merkle sum tree over pieces, then the leaf's
/// path in the piece's own tree (RFC 9162, 2.1.3.2). SHA-256 throughout, which is a precompile; integers are big-endian, 8 bytes.
///   leaf of a piece  = H(0x00 || bytes)                              inner = H(0x01 || left || right)
///   leaf of the sum  = H(0x02 || piece id || 0x00 || root || leaves) inner = H(0x03 || left || sum || right || sum)
library InventoryProof {
    struct Piece { string id; bytes32 root; uint64 leaves; }

    struct Step { bytes32 hash; uint64 sum; bool left; }

    error NotInInventory();
    error OtherLeaf();
    error NotInPiece();

    /// Reverts unless `leaf` is what stands at `index` among all leaves of the inventory.
    function check(
        bytes32 root, uint64 leaves, uint64 index, Piece calldata piece, Step[] calldata path, bytes calldata leaf, bytes32[] calldata proof
    ) internal pure {
        bytes32 node = sha256(abi.encodePacked(hex"02", piece.id, hex"00", piece.root, piece.leaves));
        uint64 sum = piece.leaves;
        uint64 before = 0;
        for (uint256 i = 0; i < path.length; i++) {
            Step calldata step = path[i];
            // A sum that does not fit 64 bits is refused by checked arithmetic.
            if (step.left) {
                before += step.sum;
                node = sha256(abi.encodePacked(hex"03", step.hash, step.sum, node, sum));
            } else {
                node = sha256(abi.encodePacked(hex"03", node, sum, step.hash, step.sum));
            }
            sum += step.sum;
        }
        if (node != root || sum != leaves) revert NotInInventory();
        if (index < before || index - before >= piece.leaves) revert OtherLeaf();
        if (rootOf(sha256(abi.encodePacked(hex"00", leaf)), index - before, piece.leaves, proof) != piece.root) revert NotInPiece();
    }

    /// Zero where the proof has another length than the place in the tree asks for.
    function rootOf(bytes32 node, uint64 index, uint64 size, bytes32[] calldata proof) internal pure returns (bytes32) {
        uint64 last = size - 1;
        for (uint256 i = 0; i < proof.length; i++) {
            if (last == 0) return 0;
            if (index & 1 == 1 || index == last) {
                node = sha256(abi.encodePacked(hex"01", proof[i], node));
                while (index & 1 == 0 && index != 0) {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                node = sha256(abi.encodePacked(hex"01", node, proof[i]));
            }
            index >>= 1;
            last >>= 1;
        }
        return last == 0 ? node : bytes32(0);
    }
}
