// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

interface IStakeHistory {
    function ownAt(address pool, uint48 blockNumber) external view returns (uint256);
}

interface ICourt {
    function needsJury(bytes32 caseId) external view returns (bool);
    function partiesOf(bytes32 caseId) external view returns (address accused, address finder);
    function recordJury(bytes32 caseId, uint16 toSlash, uint16 toDismiss, bytes32 votesHash) external;
}

/// The bench of jurors, their draw and their votes.
/// A juror is a pool that put down a deposit; its weight is the pool's own stake before the case was summoned. The seed is the hash of
/// a block after that: who is accused, who accuses and who summons cannot know it when they act. Who enrols or leaves afterwards changes
/// nothing. Everything that the draw reads is on the chain, so that anybody can draw again and compare.
/// A witness who writes the seed's block may refuse one hash for another: it can bias a draw by a bit, not choose a jury.
abstract contract Juries {
    enum Stage { None, Summoned, Voting, Decided, Failed }

    struct Juror {
        address voter;
        uint48 since;
        /// Zero while the juror serves. It still counts for what was summoned before.
        uint48 leftAt;
        uint32 seated;
        uint256 deposit;
    }

    struct Seat { address juror; bytes32 commitment; uint8 vote; }

    struct Round {
        Stage stage;
        bool over;
        uint16 toSlash;
        uint16 toDismiss;
        uint16 committed;
        uint48 snapshot;
        uint48 seedBlock;
        uint64 commitUntil;
        uint64 revealUntil;
        uint64 appealUntil;
        uint256 size;
        bytes32 seed;
        bytes32 votesHash;
        Seat[] seats;
    }

    uint8 public constant FOR_SLASH = 1;
    uint8 public constant FOR_DISMISSAL = 2;
    /// A draw looks at every juror once; this keeps it within a block.
    uint256 public constant BENCH = 256;
    uint48 public constant SEED_DELAY = 2;
    /// The machine remembers so many hashes.
    uint48 private constant REMEMBERED = 256;

    ICourt public immutable court;
    IStakeHistory public immutable stakes;
    uint16 public immutable firstJury;
    uint256 public immutable deposit;
    uint64 public immutable voteSeconds;

    /// Places keep their order, since a draw depends on it: who goes leaves an empty place to the next.
    address[] public bench;
    mapping(address pool => Juror) public jurors;
    mapping(address voter => address pool) public poolOf;
    mapping(address account => uint256) public earned;
    mapping(bytes32 caseId => Round[]) internal _rounds;

    event JurorEnrolled(address indexed juror, address voter);
    event JurorLeft(address indexed juror);
    event JurySummoned(bytes32 indexed caseId, uint256 round, uint256 size, uint48 snapshot, uint48 seedBlock);
    event JuryDrawn(bytes32 indexed caseId, uint256 round, bytes32 seed, address[] jurors, uint64 commitUntil, uint64 revealUntil);
    event JuryShort(bytes32 indexed caseId, uint256 round, uint256 eligible);
    event VoteCommitted(bytes32 indexed caseId, uint256 round, address indexed juror);
    event VoteRevealed(bytes32 indexed caseId, uint256 round, address indexed juror, bool toSlash, bytes32 evidenceRoot);

    error WrongDeposit(uint256 deposit);
    error EnrolledAlready();
    error NoStake();
    error BenchFull();
    error VoterTaken();
    error NotAJuror();
    error NotYet();
    error SummonedAlready();
    error NoJuryNeeded();
    error NotSummoned();
    error WrongStage(Stage stage);
    error SeedNotYet(uint48 seedBlock);
    error NotSeated();
    error CommittedAlready();
    error CommittingOver();
    error CommittingRuns(uint64 until);
    error RevealingOver();
    error WrongReveal();
    error NothingEarned();

    constructor(address court_, address pools_, uint16 firstJury_, uint256 deposit_, uint64 voteSeconds_) {
        court = ICourt(court_);
        stakes = IStakeHistory(pools_);
        firstJury = firstJury_;
        deposit = deposit_;
        voteSeconds = voteSeconds_;
    }

    /// Sent by the pool, which may let another key vote for it.
    function enrol(address voter) external payable {
        if (msg.value != deposit) revert WrongDeposit(deposit);
        if (jurors[msg.sender].since != 0) revert EnrolledAlready();
        if (stakes.ownAt(msg.sender, uint48(block.number)) == 0) revert NoStake();
        if (voter == address(0) || poolOf[voter] != address(0)) revert VoterTaken();
        _sit(msg.sender);
        poolOf[voter] = msg.sender;
        jurors[msg.sender] = Juror(voter, uint48(block.number), 0, 0, msg.value);
        emit JurorEnrolled(msg.sender, voter);
    }

    function resign() external {
        Juror storage juror = jurors[msg.sender];
        if (juror.since == 0 || juror.leftAt != 0) revert NotAJuror();
        _leave(msg.sender, juror);
    }

    /// Once nothing is open that the juror could still be drawn for, or sits in.
    function withdrawDeposit() external {
        Juror storage juror = jurors[msg.sender];
        if (juror.leftAt == 0) revert NotAJuror();
        if (juror.seated != 0 || block.number <= juror.leftAt + SEED_DELAY + REMEMBERED) revert NotYet();
        uint256 amount = juror.deposit;
        delete poolOf[juror.voter];
        delete jurors[msg.sender];
        for (uint256 i = 0; i < bench.length; i++) {
            if (bench[i] != msg.sender) continue;
            bench[i] = address(0);
            break;
        }
        Address.sendValue(payable(msg.sender), amount);
    }

    function claim() external {
        uint256 amount = earned[msg.sender];
        if (amount == 0) revert NothingEarned();
        earned[msg.sender] = 0;
        Address.sendValue(payable(msg.sender), amount);
    }

    /// `commitment`: keccak256(abi.encode(caseId, round, juror, toSlash, evidenceRoot, salt)); the juror in it makes copying useless.
    function commitVote(bytes32 caseId, bytes32 commitment) external {
        Round storage round = _current(caseId);
        if (round.stage != Stage.Voting) revert WrongStage(round.stage);
        if (block.timestamp >= round.commitUntil) revert CommittingOver();
        Seat storage seat = _seatOf(round, poolOf[msg.sender]);
        if (seat.commitment != 0) revert CommittedAlready();
        seat.commitment = commitment;
        round.committed += 1;
        emit VoteCommitted(caseId, _rounds[caseId].length - 1, seat.juror);
    }

    /// From the end of the commitments on, or since everybody has committed.
    function revealVote(bytes32 caseId, bool toSlash, bytes32 evidenceRoot, bytes32 salt) external {
        Round storage round = _current(caseId);
        if (round.stage != Stage.Voting) revert WrongStage(round.stage);
        if (block.timestamp < round.commitUntil && round.committed != round.seats.length) revert CommittingRuns(round.commitUntil);
        if (block.timestamp >= round.revealUntil) revert RevealingOver();
        Seat storage seat = _seatOf(round, poolOf[msg.sender]);
        uint256 index = _rounds[caseId].length - 1;
        bytes32 shown = keccak256(abi.encode(caseId, index, seat.juror, toSlash, evidenceRoot, salt));
        if (seat.commitment != shown || seat.vote != 0) revert WrongReveal();
        seat.vote = toSlash ? FOR_SLASH : FOR_DISMISSAL;
        if (toSlash) round.toSlash += 1;
        else round.toDismiss += 1;
        round.votesHash = keccak256(abi.encode(round.votesHash, seat.juror, toSlash, evidenceRoot));
        emit VoteRevealed(caseId, index, seat.juror, toSlash, evidenceRoot);
    }

    /// Of the newest round; `round` counts from 0.
    function juryOf(bytes32 caseId)
        external view returns (uint256 round, Stage stage, bool over, uint48 seedBlock, uint64 commitUntil, uint64 revealUntil, uint64 appealUntil, uint16 votes, address[] memory seated)
    {
        Round[] storage rounds = _rounds[caseId];
        if (rounds.length == 0) return (0, Stage.None, false, 0, 0, 0, 0, 0, new address[](0));
        Round storage newest = rounds[rounds.length - 1];
        seated = new address[](newest.seats.length);
        for (uint256 i = 0; i < seated.length; i++) seated[i] = newest.seats[i].juror;
        return (
            rounds.length - 1, newest.stage, newest.over, newest.seedBlock, newest.commitUntil, newest.revealUntil, newest.appealUntil,
            newest.toSlash + newest.toDismiss, seated
        );
    }

    function benchSize() external view returns (uint256) {
        return bench.length;
    }

    function _open(bytes32 caseId, uint256 size) internal {
        Round storage round = _rounds[caseId].push();
        round.stage = Stage.Summoned;
        round.size = size;
        round.snapshot = uint48(block.number - 1);
        round.seedBlock = uint48(block.number) + SEED_DELAY;
        emit JurySummoned(caseId, _rounds[caseId].length - 1, size, round.snapshot, round.seedBlock);
    }

    /// False where the bench is too small. A seed that the machine forgot, because nobody drew in time, is set anew.
    function _draw(bytes32 caseId, address accused, address finder) internal returns (bool) {
        Round storage round = _current(caseId);
        if (round.stage != Stage.Summoned || round.over) revert WrongStage(round.stage);
        if (block.number <= round.seedBlock) revert SeedNotYet(round.seedBlock);
        uint256 index = _rounds[caseId].length - 1;
        bytes32 hash = blockhash(round.seedBlock);
        if (hash == 0) {
            round.snapshot = uint48(block.number - 1);
            round.seedBlock = uint48(block.number) + SEED_DELAY;
            emit JurySummoned(caseId, index, round.size, round.snapshot, round.seedBlock);
            return true;
        }
        round.seed = keccak256(abi.encode(hash, caseId, index));
        (address[] memory candidates, uint256[] memory weights, uint256 eligible) = _weigh(round.snapshot, accused, finder);
        if (eligible < round.size) {
            emit JuryShort(caseId, index, eligible);
            return false;
        }
        round.stage = Stage.Voting;
        round.commitUntil = uint64(block.timestamp) + voteSeconds;
        round.revealUntil = round.commitUntil + voteSeconds;
        address[] memory seated = _pick(round, candidates, weights);
        emit JuryDrawn(caseId, index, round.seed, seated, round.commitUntil, round.revealUntil);
        return true;
    }

    function _weigh(uint48 snapshot, address accused, address finder)
        private view returns (address[] memory candidates, uint256[] memory weights, uint256 eligible)
    {
        candidates = bench;
        weights = new uint256[](candidates.length);
        for (uint256 i = 0; i < candidates.length; i++) {
            address candidate = candidates[i];
            Juror storage juror = jurors[candidate];
            if (candidate == accused || candidate == finder || juror.since > snapshot) continue;
            if (juror.leftAt != 0 && juror.leftAt <= snapshot) continue;
            weights[i] = stakes.ownAt(candidate, snapshot);
            if (weights[i] != 0) eligible += 1;
        }
    }

    /// Without putting back: each seat goes to one of those left, with the chance of its stake among theirs.
    function _pick(Round storage round, address[] memory candidates, uint256[] memory weights) private returns (address[] memory seated) {
        uint256 total;
        for (uint256 i = 0; i < weights.length; i++) total += weights[i];
        seated = new address[](round.size);
        for (uint256 s = 0; s < round.size; s++) {
            uint256 point = uint256(keccak256(abi.encode(round.seed, s))) % total;
            uint256 place = 0;
            while (point >= weights[place]) {
                point -= weights[place];
                place += 1;
            }
            seated[s] = candidates[place];
            total -= weights[place];
            weights[place] = 0;
            jurors[seated[s]].seated += 1;
            round.seats.push(Seat(seated[s], 0, 0));
        }
    }

    function _current(bytes32 caseId) internal view returns (Round storage) {
        Round[] storage rounds = _rounds[caseId];
        if (rounds.length == 0) revert NotSummoned();
        return rounds[rounds.length - 1];
    }

    /// A part of the first deposit; who has less than half of it left serves no more.
    function _take(address pool, uint256 basisPoints) internal returns (uint256 taken) {
        Juror storage juror = jurors[pool];
        taken = deposit * basisPoints / 10_000;
        if (taken > juror.deposit) taken = juror.deposit;
        juror.deposit -= taken;
        if (juror.deposit < deposit / 2 && juror.leftAt == 0) _leave(pool, juror);
    }

    function _sit(address pool) private {
        for (uint256 i = 0; i < bench.length; i++) {
            if (bench[i] != address(0)) continue;
            bench[i] = pool;
            return;
        }
        if (bench.length == BENCH) revert BenchFull();
        bench.push(pool);
    }

    function _leave(address pool, Juror storage juror) private {
        juror.leftAt = uint48(block.number);
        emit JurorLeft(pool);
    }

    function _seatOf(Round storage round, address juror) private view returns (Seat storage) {
        for (uint256 i = 0; i < round.seats.length; i++) {
            if (juror != address(0) && round.seats[i].juror == juror) return round.seats[i];
        }
        revert NotSeated();
    }
}
