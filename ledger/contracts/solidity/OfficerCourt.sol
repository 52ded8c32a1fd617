// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {InventoryProof} from "./InventoryProof.sol";
import {Officers} from "./Officers.sol";

interface IBatches {
    function batchRoot(bytes32 id) external view returns (bytes32);
}

/// Officers' work and wage. Before it sends anything an officer commits to its phantoms by one Merkle root; when the period is over it shows
/// what it had committed to. Enough of them shown earn the wage, unless somebody doubts that one was ever sent: then the officer names the
/// batch in which the platform committed to it, or is fined. Nobody has a role here.
/// Invariant: the balance is the sum of deposits, the fund, bonds of open disputes and what is owed or earned.
contract OfficerCourt is Officers {
    /// Where it was never answered the salt is zero and the leaf itself stands for the task.
    struct Opening { bytes32 task; bytes32 expected; bytes32 salt; }

    enum Doubt { None, Open, Answered, Convicted }

    struct Dispute { address officer; uint64 period; address by; uint64 answerUntil; Doubt stage; bytes32 leaf; }

    /// Where a leaf stands in a batch of the platform's commitments (HonestyCourt, subgraphs/audit/commitment.ts).
    struct Sent { bytes32 batchId; string salt; string taskId; uint64 index; uint64 size; }

    uint256 public constant MOST_PHANTOMS = 128;
    /// So often in a row an officer may have a seat and show nothing.
    uint32 public constant MOST_IDLE = 3;
    /// Of the first deposit: who has a seat and commits to nothing, and who shows what was never sent.
    uint256 public constant IDLE_BASIS_POINTS = 1_000;
    uint256 public constant FALSE_BASIS_POINTS = 5_000;

    IBatches public immutable batches;

    /// Wages are paid out of it; fines and whoever gives fill it.
    uint256 public fund;

    mapping(address account => uint256) public earned;
    mapping(bytes32 leaf => Dispute) public disputes;

    event PhantomsCommitted(uint64 indexed period, address indexed officer, bytes32 root, uint32 count);
    event PhantomsShown(uint64 indexed period, address indexed officer, uint32 opened, uint64 claimableAt, Opening[] openings);
    event WagePaid(uint64 indexed period, address indexed officer, uint256 amount);
    event WageDenied(uint64 indexed period, address indexed officer, Stage was, uint256 fine);
    event PhantomDisputed(bytes32 indexed leaf, uint64 indexed period, address indexed officer, address by, uint64 answerUntil);
    event PhantomFound(bytes32 indexed leaf, uint64 indexed period, address indexed officer, bytes32 batchId, string taskId);

    event PhantomMissing(bytes32 indexed leaf, uint64 indexed period, address indexed officer, address by, uint256 toFinder);

    error NotTheOfficer();
    error WrongStage(Stage stage);
    error DrawRuns(uint64 until);
    error WrongCount(uint32 quota);
    error PeriodOver(uint64 until);
    error ShowingOver(uint64 until);
    error ShowingRuns(uint64 until);
    error OtherRoot();
    error TooFew(uint32 opened, uint32 quota);
    error WrongBond(uint256 bond);
    error NotALeaf();
    error DisputingOver(uint64 until);
    error DisputingRuns(uint64 until);
    error DisputedAlready();
    error NotDisputed();
    error AnsweringOver(uint64 until);
    error AnsweringRuns(uint64 until);
    error NotInBatch();
    error NothingEarned();

    constructor(address stakes_, address batches_, Terms memory terms_) Officers(stakes_, terms_) {
        batches = IBatches(batches_);
    }

    receive() external payable {
        fund += msg.value;
    }

    /// For the wages of officers.
    function give() external payable {
        fund += msg.value;
    }

    /// What the officer commits to for each phantom. `task` is the hash of its spec, `expected` of its known answer.
    function leafOf(uint64 number, address officer, Opening memory opening) public view returns (bytes32) {
        if (opening.salt == 0) return opening.task;
        return keccak256(abi.encode("oort/phantom/1", block.chainid, address(this), number, officer, opening.task, opening.expected, opening.salt));
    }

    /// Once for a seat, after the draw and before anything is sent. `root`: RFC 6962 over the leaves, SHA-256.
    function commitPhantoms(address officer, bytes32 root, uint32 count) external {
        _onlyFor(officer);
        Seat storage seat = seatOf[period][officer];
        if (seat.stage != Stage.Drawn) revert WrongStage(seat.stage);
        if (block.timestamp < _periods[period].drawUntil) revert DrawRuns(_periods[period].drawUntil);
        if (block.timestamp >= _periods[period].endsAt) revert PeriodOver(_periods[period].endsAt);
        if (count < _terms.quota || count > MOST_PHANTOMS) revert WrongCount(_terms.quota);
        seat.stage = Stage.Committed;
        seat.root = root;
        seat.count = count;
        emit PhantomsCommitted(period, officer, root, count);
    }

    /// All leaves in their order, so that the root is theirs; fewer than the quota opened earn nothing.
    function showPhantoms(address officer, uint64 number, Opening[] calldata openings) external {
        _onlyFor(officer);
        Seat storage seat = seatOf[number][officer];
        if (seat.stage != Stage.Committed) revert WrongStage(seat.stage);
        uint64 until = _periods[number].endsAt + _terms.showSeconds;
        if (block.timestamp >= until) revert ShowingOver(until);
        if (openings.length != seat.count) revert OtherRoot();
        bytes32[] memory nodes = new bytes32[](openings.length);
        uint256 mask;
        uint32 opened;
        for (uint256 i = 0; i < openings.length; i++) {
            nodes[i] = sha256(abi.encodePacked(hex"00", leafOf(number, officer, openings[i])));
            if (openings[i].salt == 0) continue;
            mask |= 1 << i;
            opened += 1;
        }
        if (_rootOf(nodes) != seat.root) revert OtherRoot();
        if (opened < _terms.quota) revert TooFew(opened, _terms.quota);
        seat.stage = Stage.Shown;
        seat.opened = mask;
        seat.claimableAt = uint64(block.timestamp) + _terms.disputeSeconds;
        emit PhantomsShown(number, officer, opened, seat.claimableAt, openings);
    }

    /// Doubts that an opened phantom was ever sent. Each leaf once.
    function dispute(address officer, uint64 number, bytes32 leaf, uint64 index, bytes32[] calldata path) external payable {
        if (msg.value != _terms.bond) revert WrongBond(_terms.bond);
        Seat storage seat = seatOf[number][officer];
        if (seat.stage != Stage.Shown) revert WrongStage(seat.stage);
        if (block.timestamp >= seat.claimableAt) revert DisputingOver(seat.claimableAt);
        if (index >= seat.count || seat.opened >> index & 1 == 0) revert NotALeaf();
        if (InventoryProof.rootOf(sha256(abi.encodePacked(hex"00", leaf)), index, seat.count, path) != seat.root) revert NotALeaf();
        if (disputes[leaf].stage != Doubt.None) revert DisputedAlready();
        seat.disputes += 1;
        uint64 until = uint64(block.timestamp) + _terms.disputeSeconds;
        disputes[leaf] = Dispute(officer, number, msg.sender, until, Doubt.Open, leaf);
        emit PhantomDisputed(leaf, number, officer, msg.sender, until);
    }

    /// Anybody may show where the platform committed to the leaf before the task went out. The bond is the officer's for the trouble.
    function answer(bytes32 leaf, Sent calldata sent, bytes32[] calldata path) external {
        Dispute storage found = disputes[leaf];
        if (found.stage != Doubt.Open) revert NotDisputed();
        if (block.timestamp >= found.answerUntil) revert AnsweringOver(found.answerUntil);
        bytes32 root = batches.batchRoot(sent.batchId);
        // [salt, task, expected, isPhantom] as RFC 8785 writes it; the platform's salts and ids hold nothing that JSON would escape.
        bytes32 node = sha256(abi.encodePacked(hex"00", '["', sent.salt, '","', sent.taskId, '","', _hex(leaf), '",true]'));
        if (root == 0 || sent.size == 0 || sent.index >= sent.size || InventoryProof.rootOf(node, sent.index, sent.size, path) != root) revert NotInBatch();
        found.stage = Doubt.Answered;
        seatOf[found.period][found.officer].disputes -= 1;
        earned[found.officer] += _terms.bond;
        emit PhantomFound(leaf, found.period, found.officer, sent.batchId, sent.taskId);
    }

    /// Anybody, once the time to answer is over. The bond goes back; of the fine half goes to who doubted, once for a seat.
    function convict(bytes32 leaf) external {
        Dispute storage found = disputes[leaf];
        if (found.stage != Doubt.Open) revert NotDisputed();
        if (block.timestamp < found.answerUntil) revert AnsweringRuns(found.answerUntil);
        found.stage = Doubt.Convicted;
        Seat storage seat = seatOf[found.period][found.officer];
        seat.disputes -= 1;
        uint256 toFinder;
        if (seat.stage == Stage.Shown) {
            uint256 fine = _end(found.period, found.officer, seat, FALSE_BASIS_POINTS, true);
            toFinder = fine / 2;
            fund += fine - toFinder;
        }
        earned[found.by] += _terms.bond + toFinder;
        emit PhantomMissing(leaf, found.period, found.officer, found.by, toFinder);
    }

    /// The wage of a seat whose work was shown and stands, as far as the fund goes: the officer may wait for more.
    function claimWage(address officer, uint64 number) external {
        _onlyFor(officer);
        Seat storage seat = seatOf[number][officer];
        if (seat.stage != Stage.Shown) revert WrongStage(seat.stage);
        if (block.timestamp < seat.claimableAt || seat.disputes != 0) revert DisputingRuns(seat.claimableAt);
        seat.stage = Stage.Paid;
        officers[officer].seated -= 1;
        officers[officer].idle = 0;
        uint256 amount = _terms.wage < fund ? _terms.wage : fund;
        fund -= amount;
        earned[officer] += amount;
        emit WagePaid(number, officer, amount);
    }

    /// Ends a seat whose officer showed nothing in its time. Who never committed is fined; who committed and was asked too little is not.
    function lapse(address officer, uint64 number) external {
        Seat storage seat = seatOf[number][officer];
        if (seat.stage != Stage.Drawn && seat.stage != Stage.Committed) revert WrongStage(seat.stage);
        uint64 until = _periods[number].endsAt + _terms.showSeconds;
        if (block.timestamp < until) revert ShowingRuns(until);
        fund += _end(number, officer, seat, seat.stage == Stage.Drawn ? IDLE_BASIS_POINTS : 0, false);
    }

    /// Pays what the caller has earned.
    function takeEarned() external {
        uint256 amount = earned[msg.sender];
        if (amount == 0) revert NothingEarned();
        earned[msg.sender] = 0;
        _pay(msg.sender, amount);
    }

    function _onlyFor(address officer) private view {
        if (msg.sender != officer && msg.sender != officers[officer].speaker) revert NotTheOfficer();
    }

    /// Who is idle too often, who lied and who has less than half its deposit left serves no more.
    function _end(uint64 number, address pool, Seat storage seat, uint256 basisPoints, bool lied) private returns (uint256 fine) {
        Officer storage officer = officers[pool];
        emit WageDenied(number, pool, seat.stage, fine = _fineOf(officer, basisPoints));
        seat.stage = Stage.Denied;
        officer.seated -= 1;
        officer.deposit -= fine;
        officer.idle += 1;
        bool out = lied || officer.idle >= MOST_IDLE || officer.deposit < _terms.deposit / 2;
        if (out && officer.leftAt == 0) _leave(pool, officer);
    }

    function _fineOf(Officer storage officer, uint256 basisPoints) private view returns (uint256 fine) {
        fine = _terms.deposit * basisPoints / 10_000;
        if (fine > officer.deposit) fine = officer.deposit;
    }

    /// RFC 6962, level by level: who has no neighbour goes up as it is.
    function _rootOf(bytes32[] memory nodes) private pure returns (bytes32) {
        for (uint256 width = nodes.length; width > 1; width = (width + 1) / 2) {
            for (uint256 i = 0; i < width / 2; i++) nodes[i] = sha256(abi.encodePacked(hex"01", nodes[2 * i], nodes[2 * i + 1]));
            if (width & 1 == 1) nodes[width / 2] = nodes[width - 1];
        }
        return nodes[0];
    }

    function _hex(bytes32 value) private pure returns (bytes memory text) {
        text = new bytes(64);
        for (uint256 i = 0; i < 64; i++) {
            uint8 digit = uint8(value[i / 2]) >> (i & 1 == 0 ? 4 : 0) & 15;
            text[i] = bytes1(digit + (digit < 10 ? 48 : 87));
        }
    }
}
