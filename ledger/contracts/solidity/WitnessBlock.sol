// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A block of the chain in its wire form: the RLP list of ten [from, previous, parents, links, approves, last_summary,
/// last_summary_block, last_stable_block, exec_timestamp, signature] (PROTOCOL.md, section 2). Its hash covers the first nine.
/// Only the canonical encoding of a whole block is read, so that no other message of a witness can pass for one.
library WitnessBlock {
    error NotABlock();
    error SignatureNotOfAuthor(bytes32 hash);

    /// Item of 65 bytes with its header.
    uint256 private constant SIGNATURE_ITEM = 67;
    uint256 private constant HASH_ITEM = 33;

    function read(bytes calldata wire) internal pure returns (address author, bytes32 previous, bytes32 hash) {
        (uint256 start, uint256 end) = _list(wire, 0);
        if (end != wire.length || end < start + SIGNATURE_ITEM) revert NotABlock();
        uint256 place = start;
        _expect(wire, place, 0x94);
        author = address(bytes20(_word(wire, place + 1)));
        place += 21;
        _expect(wire, place, 0xa0);
        previous = _word(wire, place + 1);
        place += HASH_ITEM;
        for (uint256 i = 0; i < 3; i++) place = _hashes(wire, place);
        for (uint256 i = 0; i < 3; i++) {
            _expect(wire, place, 0xa0);
            place += HASH_ITEM;
        }
        place = _seconds(wire, place);
        if (place + SIGNATURE_ITEM != end) revert NotABlock();
        _expect(wire, place, 0xb8);
        _expect(wire, place + 1, 0x41);
        hash = keccak256(bytes.concat(_header(place - start), wire[start:place]));
        uint8 parity = uint8(wire[place + 66]);
        if (parity > 1) revert SignatureNotOfAuthor(hash);
        address signer = ecrecover(hash, 27 + parity, _word(wire, place + 2), _word(wire, place + 34));
        if (signer == address(0) || signer != author) revert SignatureNotOfAuthor(hash);
    }

    /// Where the content of a list begins and ends.
    function _list(bytes calldata wire, uint256 place) private pure returns (uint256 start, uint256 end) {
        uint256 first = _byte(wire, place);
        if (first < 0xc0) revert NotABlock();
        if (first < 0xf8) {
            start = place + 1;
            end = start + (first - 0xc0);
        } else {
            uint256 bytesOfLength = first - 0xf7;
            if (bytesOfLength > 4 || _byte(wire, place + 1) == 0) revert NotABlock();
            uint256 length = 0;
            for (uint256 i = 1; i <= bytesOfLength; i++) length = (length << 8) | _byte(wire, place + i);
            if (length < 56) revert NotABlock();
            start = place + 1 + bytesOfLength;
            end = start + length;
        }
        if (end > wire.length) revert NotABlock();
    }

    function _hashes(bytes calldata wire, uint256 place) private pure returns (uint256) {
        (uint256 start, uint256 end) = _list(wire, place);
        if ((end - start) % HASH_ITEM != 0) revert NotABlock();
        for (uint256 each = start; each < end; each += HASH_ITEM) _expect(wire, each, 0xa0);
        return end;
    }

    /// An integer of at most six bytes without leading zeros.
    function _seconds(bytes calldata wire, uint256 place) private pure returns (uint256) {
        uint256 first = _byte(wire, place);
        if (first != 0 && first < 0x80) return place + 1;
        if (first < 0x80 || first > 0x86) revert NotABlock();
        uint256 length = first - 0x80;
        if (length != 0 && _byte(wire, place + 1) == 0) revert NotABlock();
        if (length == 1 && _byte(wire, place + 1) < 0x80) revert NotABlock();
        return place + 1 + length;
    }

    function _header(uint256 length) private pure returns (bytes memory) {
        if (length < 256) return abi.encodePacked(bytes1(0xf8), uint8(length));
        if (length < 65_536) return abi.encodePacked(bytes1(0xf9), uint16(length));
        return abi.encodePacked(bytes1(0xfa), uint24(length));
    }

    function _expect(bytes calldata wire, uint256 place, uint256 wanted) private pure {
        if (_byte(wire, place) != wanted) revert NotABlock();
    }

    function _byte(bytes calldata wire, uint256 place) private pure returns (uint256) {
        if (place >= wire.length) revert NotABlock();
        return uint8(wire[place]);
    }

    function _word(bytes calldata wire, uint256 place) private pure returns (bytes32) {
        if (place + 32 > wire.length) revert NotABlock();
        return bytes32(wire[place:place + 32]);
    }
}
