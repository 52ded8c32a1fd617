// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// ECVRF-SECP256K1-SHA256-TAI, suite 0xFE, as algorithms/vrf makes it (draft-irtf-cfrg-vrf-05, section 5).
/// Multiplying points costs a contract half a million gas each. So the caller brings the products, and ECRECOVER checks them: of a hash e and
/// a signature (r, s) over a point R with r = R.x it answers the address of r^-1 (sR - eG) (SEC 1, 4.1.6), which is any product that we choose.
library Vrf {
    struct Proof { uint256 gammaX; uint256 gammaY; uint256 c; uint256 s; }

    /// U = sG - cY, S = sH and C = c gamma: computed by the caller, each checked here.
    struct Products { uint256 ux; uint256 uy; uint256 sx; uint256 sy; uint256 cx; uint256 cy; }

    struct Point { uint256 x; uint256 y; }

    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// What the proof proves of `alpha` under the key, or a refusal by `holds` being false.
    function outputOf(uint256 keyX, uint256 keyY, bytes memory alpha, Proof calldata proof, Products calldata made)
        internal view returns (bool holds, bytes32 output)
    {
        if (!isPoint(proof.gammaX, proof.gammaY) || proof.c == 0 || proof.c >> 128 != 0 || proof.s == 0 || proof.s >= N) return (false, 0);
        Point memory h = _toCurve(_compressed(keyX, keyY), alpha);
        bytes memory points = abi.encodePacked(_compressed(h.x, h.y), _compressed(proof.gammaX, proof.gammaY), _compressed(made.ux, made.uy));
        // sG - cY over R = Y: the signature's s is -c Y.x, its hash -s Y.x.
        if (!_recovers(keyX, keyY, N - mulmod(proof.s, keyX, N), N - mulmod(proof.c, keyX, N), made.ux, made.uy)) return (false, 0);
        if (!_recovers(h.x, h.y, 0, mulmod(proof.s, h.x, N), made.sx, made.sy)) return (false, 0);
        if (!_recovers(proof.gammaX, proof.gammaY, 0, mulmod(proof.c, proof.gammaX, N), made.cx, made.cy)) return (false, 0);
        // At the same x their difference is no point, or a double that no honest nonce gives.
        if (made.sx == made.cx) return (false, 0);
        (uint256 vx, uint256 vy) = _difference(made);
        if (uint128(bytes16(sha256(abi.encodePacked(hex"fe02", points, _compressed(vx, vy))))) != proof.c) return (false, 0);
        return (true, sha256(abi.encodePacked(hex"fe03", _compressed(proof.gammaX, proof.gammaY))));
    }

    function isPoint(uint256 x, uint256 y) internal pure returns (bool) {
        return x != 0 && x < P && y != 0 && y < P && mulmod(y, y, P) == _rightSide(x);
    }

    /// Try and increment (draft 05, section 5.4.1.1): half of all hashes are the x of a point.
    function _toCurve(bytes memory key, bytes memory alpha) private view returns (Point memory) {
        for (uint256 counter = 0; ; counter++) {
            uint256 x = uint256(sha256(abi.encodePacked(hex"fe01", key, alpha, uint8(counter))));
            if (x >= P) continue;
            uint256 square = _rightSide(x);
            // P is 3 modulo 4, so this is a root where there is one.
            uint256 y = _power(square, (P + 1) / 4);
            if (mulmod(y, y, P) == square) return Point(x, y & 1 == 0 ? y : P - y);
        }
        revert();
    }

    function _recovers(uint256 x, uint256 y, uint256 hash, uint256 s, uint256 wantedX, uint256 wantedY) private pure returns (bool) {
        if (!isPoint(wantedX, wantedY)) return false;
        address found = ecrecover(bytes32(hash), uint8(27 + (y & 1)), bytes32(x), bytes32(s));
        return found != address(0) && found == addressOf(wantedX, wantedY);
    }

    function addressOf(uint256 x, uint256 y) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }

    /// V = S - C, by the chord between S and -C.
    function _difference(Products calldata made) private view returns (uint256 x, uint256 y) {
        uint256 slope = mulmod(addmod(made.sy, made.cy, P), _power(addmod(made.sx, P - made.cx, P), P - 2), P);
        x = addmod(mulmod(slope, slope, P), P - addmod(made.sx, made.cx, P), P);
        y = addmod(mulmod(slope, addmod(made.sx, P - x, P), P), P - made.sy, P);
    }

    function _rightSide(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
    }

    function _compressed(uint256 x, uint256 y) private pure returns (bytes memory) {
        return abi.encodePacked(y & 1 == 0 ? bytes1(0x02) : bytes1(0x03), x);
    }

    /// Modulo P, by the precompile (EIP-198).
    function _power(uint256 number, uint256 exponent) private view returns (uint256 result) {
        (bool done, bytes memory answer) = address(5).staticcall(abi.encode(32, 32, 32, number, exponent, P));
        require(done);
        return abi.decode(answer, (uint256));
    }
}
