// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Owing} from "./Owing.sol";
import {Vrf} from "./Vrf.sol";

interface IOfficerStakes {
    function ownAt(address pool, uint48 blockNumber) external view returns (uint256);
}

/// Who may be an officer, and the draw of each period.
/// An officer is a pool that put down a deposit and named a key. The seed of a period is the hash of a block after it was opened; the key's
/// VRF of it is a ticket that nobody else can compute before it is shown, and that its owner cannot choose. The tickets with the least
/// -log(output) / stake have the seats: a race of exponential clocks, so that each one's chance is its share of the stake of those who
/// show, and no pool gains by being two.
abstract contract Officers is Owing {
    enum Stage { None, Drawn, Committed, Shown, Paid, Denied }

    struct Officer {
        address speaker;
        uint48 since;
        /// Zero while the officer serves.
        uint48 leftAt;
        /// Seats that are not settled.
        uint32 seated;
        /// Periods in a row in which it had a seat and showed no work.
        uint32 idle;
        uint256 deposit;
        uint256 keyX;
        uint256 keyY;
    }

    struct Period {
        uint48 snapshot;
        uint48 seedBlock;
        uint64 drawUntil;
        uint64 endsAt;
        bytes32 seed;
        /// The best ticket first.
        address[] seats;
    }

    struct Seat {
        Stage stage;
        uint32 count;
        uint32 disputes;
        uint64 claimableAt;
        uint256 ticket;
        bytes32 root;
        /// A bit for each leaf that was opened.
        uint256 opened;
    }

    struct Terms {
        uint16 seats;
        uint32 quota;
        uint64 drawSeconds;
        uint64 periodSeconds;
        uint64 showSeconds;
        uint64 disputeSeconds;
        uint256 deposit;
        uint256 wage;
        uint256 bond;
    }

    uint48 public constant SEED_DELAY = 2;

    IOfficerStakes public immutable stakes;

    Terms internal _terms;
    uint64 public period;
    mapping(address pool => Officer) public officers;
    mapping(uint64 period => Period) internal _periods;
    mapping(uint64 period => mapping(address officer => Seat)) public seatOf;

    event OfficerEnrolled(address indexed officer, address speaker);
    event OfficerLeft(address indexed officer);
    event PeriodOpened(uint64 indexed period, uint48 snapshot, uint48 seedBlock, uint64 drawUntil, uint64 endsAt);
    event OfficerDrawn(uint64 indexed period, address indexed officer, address speaker, uint256 ticket, uint64 endsAt);
    event OfficerOutdrawn(uint64 indexed period, address indexed officer, address by);

    error WrongDeposit(uint256 deposit);
    error EnrolledAlready();
    error NoStake();
    error NoKey();
    error NotAnOfficer();
    error StillSeated();
    error PeriodRuns(uint64 until);
    error DrawOver(uint64 until);
    error SeedNotYet(uint48 seedBlock);
    error SeedForgotten();
    error TooLate();
    error ShownAlready();
    error WrongProof();
    error NotDrawn();

    constructor(address stakes_, Terms memory terms_) {
        stakes = IOfficerStakes(stakes_);
        _terms = terms_;
    }

    function terms() external view returns (Terms memory) {
        return _terms;
    }

    /// Sent by the pool. The key draws its tickets and, by its address, speaks for it beside the pool itself.
    function enrol(uint256 keyX, uint256 keyY) external payable {
        if (msg.value != _terms.deposit) revert WrongDeposit(_terms.deposit);
        if (officers[msg.sender].since != 0) revert EnrolledAlready();
        if (stakes.ownAt(msg.sender, uint48(block.number)) == 0) revert NoStake();
        if (!Vrf.isPoint(keyX, keyY)) revert NoKey();
        address speaker = Vrf.addressOf(keyX, keyY);
        officers[msg.sender] = Officer(speaker, uint48(block.number), 0, 0, 0, msg.value, keyX, keyY);
        emit OfficerEnrolled(msg.sender, speaker);
    }

    function resign() external {
        Officer storage officer = officers[msg.sender];
        if (officer.since == 0 || officer.leftAt != 0) revert NotAnOfficer();
        _leave(msg.sender, officer);
    }

    /// Once no seat is left to settle.
    function withdrawDeposit() external {
        Officer storage officer = officers[msg.sender];
        if (officer.leftAt == 0) revert NotAnOfficer();
        if (officer.seated != 0) revert StillSeated();
        uint256 amount = officer.deposit;
        delete officers[msg.sender];
        _pay(msg.sender, amount);
    }

    /// Opens the next period once the one before is over. Anybody may.
    function open() external {
        if (period != 0 && block.timestamp < _periods[period].endsAt) revert PeriodRuns(_periods[period].endsAt);
        period += 1;
        Period storage opened = _periods[period];
        opened.drawUntil = uint64(block.timestamp) + _terms.drawSeconds;
        opened.endsAt = opened.drawUntil + _terms.periodSeconds;
        _await(opened);
    }

    /// Keeps the seed before the machine forgets it. Where it has, another is awaited: anybody who liked the first could have kept it.
    function keepSeed() external {
        Period storage current = _periods[period];
        if (current.seed != 0) return;
        if (block.timestamp >= current.drawUntil) revert DrawOver(current.drawUntil);
        if (block.number <= current.seedBlock) revert SeedNotYet(current.seedBlock);
        if (!_keepSeed(current)) _await(current);
    }

    /// What the key's VRF is asked. The officer is in it, so that nobody's proof is another's.
    function alphaOf(uint64 number, address officer) public view returns (bytes memory) {
        return abi.encodePacked(_periods[number].seed, officer);
    }

    /// Anybody may bring a ticket. It takes a seat of the current period, or a worse one's.
    function showTicket(address pool, Vrf.Proof calldata proof, Vrf.Products calldata products) external {
        Officer storage officer = officers[pool];
        Period storage current = _periods[period];
        if (block.timestamp >= current.drawUntil) revert DrawOver(current.drawUntil);
        if (officer.since == 0 || officer.leftAt != 0) revert NotAnOfficer();
        // Whoever named its key or staked after the seed could be known would have chosen its ticket.
        if (current.seed == 0) {
            if (block.number <= current.seedBlock) revert SeedNotYet(current.seedBlock);
            if (!_keepSeed(current)) revert SeedForgotten();
        }
        if (officer.since > current.snapshot) revert TooLate();
        if (seatOf[period][pool].stage != Stage.None) revert ShownAlready();
        uint256 weight = stakes.ownAt(pool, current.snapshot);
        if (weight == 0) revert NoStake();
        (bool holds, bytes32 output) = Vrf.outputOf(officer.keyX, officer.keyY, alphaOf(period, pool), proof, products);
        if (!holds) revert WrongProof();
        _seat(current, pool, officer, (minusLog2(uint256(output)) << 128) / weight);
    }

    function periodOf(uint64 number) external view returns (Period memory) {
        return _periods[number];
    }

    /// -log2(output / 2^256) with 64 bits behind the point, rounded up by less than one of them.
    function minusLog2(uint256 output) public pure returns (uint256) {
        if (output == 0) return 256 << 64;
        uint256 whole = Math.log2(output);
        // In [2^127, 2^128): each squaring gives the next bit of its logarithm.
        uint256 rest = whole > 127 ? output >> (whole - 127) : output << (127 - whole);
        uint256 log = whole << 64;
        for (uint256 bit = 1 << 63; bit != 0; bit >>= 1) {
            rest = rest * rest >> 127;
            if (rest >> 128 == 0) continue;
            rest >>= 1;
            log |= bit;
        }
        return (256 << 64) - log;
    }

    function _seat(Period storage current, address pool, Officer storage officer, uint256 ticket) private {
        address[] storage seats = current.seats;
        uint256 place = seats.length;
        if (place == _terms.seats) {
            address last = seats[place - 1];
            if (seatOf[period][last].ticket <= ticket) revert NotDrawn();
            delete seatOf[period][last];
            officers[last].seated -= 1;
            emit OfficerOutdrawn(period, last, pool);
            place -= 1;
        } else {
            seats.push();
        }
        for (; place > 0 && seatOf[period][seats[place - 1]].ticket > ticket; place--) seats[place] = seats[place - 1];
        seats[place] = pool;
        seatOf[period][pool] = Seat(Stage.Drawn, 0, 0, 0, ticket, 0, 0);
        officer.seated += 1;
        emit OfficerDrawn(period, pool, officer.speaker, ticket, current.endsAt);
    }

    function _await(Period storage awaited) private {
        awaited.snapshot = uint48(block.number - 1);
        awaited.seedBlock = uint48(block.number) + SEED_DELAY;
        emit PeriodOpened(period, awaited.snapshot, awaited.seedBlock, awaited.drawUntil, awaited.endsAt);
    }

    /// False where the machine has forgotten it.
    function _keepSeed(Period storage current) private returns (bool) {
        bytes32 hash = blockhash(current.seedBlock);
        if (hash == 0) return false;
        current.seed = keccak256(abi.encode("oort/officers/1", hash, block.chainid, address(this), period));
        return true;
    }

    function _leave(address pool, Officer storage officer) internal {
        officer.leftAt = uint48(block.number);
        emit OfficerLeft(pool);
    }
}
