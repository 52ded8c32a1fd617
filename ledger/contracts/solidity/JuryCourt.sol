// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Juries} from "./Juries.sol";

/// Decides what HonestyCourt may not decide alone: every slash above its limit, and every one that its pool appealed.
/// Anybody moves a case on: summon, draw, close, conclude. No role here belongs to the platform.
/// Each verdict can be appealed to a jury of twice the size and one, up to the fourth; the loser pays, and the last verdict counts.
/// Invariant: the balance is the sum of deposits, earnings, the fund and the bonds of open cases.
contract JuryCourt is Juries {
    struct Bond { address payable by; uint256 amount; bool forSlash; }

    uint256 public constant ROUNDS = 4;
    /// A jury of which not more than half showed their votes is drawn anew, this often in all.
    uint256 public constant ATTEMPTS = 3;
    /// Of a juror's deposit: who is in the minority of the last verdict, and who says nothing.
    uint256 public constant MINORITY_BASIS_POINTS = 1_000;
    uint256 public constant SILENT_BASIS_POINTS = 2_500;

    uint64 public immutable appealSeconds;
    uint256 public immutable appealBond;
    uint256 public immutable wage;

    /// Wages are paid out of it; whoever loses an appeal and whoever gives fills it.
    uint256 public fund;

    mapping(bytes32 caseId => Bond[]) private _bonds;
    mapping(bytes32 caseId => bool) public concluded;

    event VerdictAppealed(bytes32 indexed caseId, uint256 round, address indexed by, uint256 bond);
    event JuryClosed(bytes32 indexed caseId, uint256 round, uint16 toSlash, uint16 toDismiss, uint64 appealUntil);
    event JuryFailed(bytes32 indexed caseId, uint256 round, uint16 votes);
    event JurorPaid(bytes32 indexed caseId, address indexed juror, uint256 amount);
    event JurorPenalised(bytes32 indexed caseId, address indexed juror, uint256 amount, bool silent);
    event Concluded(bytes32 indexed caseId, uint16 toSlash, uint16 toDismiss, bytes32 votesHash);

    error NotToAppeal();
    error AppealOver(uint64 until);
    error AppealRuns(uint64 until);
    error WrongBond(uint256 bond);
    error ConcludedAlready();
    error VotingRuns(uint64 until);

    constructor(
        address court_, address pools_, uint16 firstJury_, uint256 deposit_, uint64 voteSeconds_, uint256 wage_, uint64 appealSeconds_, uint256 appealBond_
    ) Juries(court_, pools_, firstJury_, deposit_, voteSeconds_) {
        wage = wage_;
        appealSeconds = appealSeconds_;
        appealBond = appealBond_;
    }

    receive() external payable {
        fund += msg.value;
    }

    /// For the wages of jurors.
    function give() external payable {
        fund += msg.value;
    }

    /// Opens the first round of a case that needs a jury. Its seed is the hash of a block that nobody has seen yet.
    function summon(bytes32 caseId) external {
        if (_rounds[caseId].length != 0) revert SummonedAlready();
        if (!court.needsJury(caseId)) revert NoJuryNeeded();
        _open(caseId, firstJury);
    }

    /// A bench too small for the jury decides nothing: the verdict before it stands, or the slash without a jury does.
    function draw(bytes32 caseId) external {
        (address accused, address finder) = court.partiesOf(caseId);
        if (_draw(caseId, accused, finder)) return;
        _conclude(caseId);
    }

    function close(bytes32 caseId) external {
        Round storage round = _current(caseId);
        if (round.stage != Stage.Voting) revert WrongStage(round.stage);
        uint16 votes = round.toSlash + round.toDismiss;
        if (block.timestamp < round.revealUntil && votes != round.seats.length) revert VotingRuns(round.revealUntil);
        uint256 index = _rounds[caseId].length - 1;
        if (uint256(votes) * 2 > round.seats.length) {
            round.stage = Stage.Decided;
            round.appealUntil = uint64(block.timestamp) + (_isLast(round.size) ? 0 : appealSeconds);
            emit JuryClosed(caseId, index, round.toSlash, round.toDismiss, round.appealUntil);
            return;
        }
        round.stage = Stage.Failed;
        emit JuryFailed(caseId, index, votes);
        if (_attempts(caseId, round.size) < ATTEMPTS) _open(caseId, round.size);
        else _conclude(caseId);
    }

    /// Against a slash its pool appeals, against a dismissal anybody but the pool.
    function appeal(bytes32 caseId) external payable {
        Round storage round = _current(caseId);
        if (round.stage != Stage.Decided) revert WrongStage(round.stage);
        if (block.timestamp >= round.appealUntil) revert AppealOver(round.appealUntil);
        (address accused,) = court.partiesOf(caseId);
        bool slashes = round.toSlash > round.toDismiss;
        if ((msg.sender == accused) != slashes) revert NotToAppeal();
        uint256 bond = appealBond * (round.size * 2 + 1) / firstJury;
        if (msg.value != bond) revert WrongBond(bond);
        _bonds[caseId].push(Bond(payable(msg.sender), bond, !slashes));
        emit VerdictAppealed(caseId, _rounds[caseId].length - 1, msg.sender, bond);
        _open(caseId, round.size * 2 + 1);
    }

    function conclude(bytes32 caseId) external {
        Round storage round = _current(caseId);
        if (round.stage != Stage.Decided) revert WrongStage(round.stage);
        if (block.timestamp < round.appealUntil) revert AppealRuns(round.appealUntil);
        _conclude(caseId);
    }

    function _isLast(uint256 size) private view returns (bool) {
        return size >= (uint256(firstJury) + 1) * 2 ** (ROUNDS - 1) - 1;
    }

    function _attempts(bytes32 caseId, uint256 size) private view returns (uint256 count) {
        Round[] storage rounds = _rounds[caseId];
        for (uint256 i = 0; i < rounds.length; i++) if (rounds[i].size == size) count += 1;
    }

    /// The last jury that reached a verdict decides. Without any, bonds go back and nobody was in a minority.
    function _conclude(bytes32 caseId) private {
        if (concluded[caseId]) revert ConcludedAlready();
        concluded[caseId] = true;
        Round[] storage rounds = _rounds[caseId];
        rounds[rounds.length - 1].over = true;
        uint16 toSlash;
        uint16 toDismiss;
        bytes32 votesHash;
        for (uint256 i = rounds.length; i > 0 && votesHash == 0; i--) {
            Round storage round = rounds[i - 1];
            if (round.stage == Stage.Decided) (toSlash, toDismiss, votesHash) = (round.toSlash, round.toDismiss, round.votesHash);
        }
        emit Concluded(caseId, toSlash, toDismiss, votesHash);
        // A bond that was lost at the court before comes into the fund with this call.
        court.recordJury(caseId, toSlash, toDismiss, votesHash);
        bool decided = votesHash != 0;
        uint8 right = toSlash > toDismiss ? FOR_SLASH : FOR_DISMISSAL;
        _settleBonds(caseId, decided, right == FOR_SLASH);
        for (uint256 i = 0; i < rounds.length; i++) _settleRound(caseId, rounds[i], decided ? right : 0);
    }

    /// An appeal that no larger jury could hear is lost by nobody.
    function _settleBonds(bytes32 caseId, bool decided, bool slashed) private {
        Bond[] storage bonds = _bonds[caseId];
        Round[] storage rounds = _rounds[caseId];
        bool unheard = rounds[rounds.length - 1].stage != Stage.Decided;
        for (uint256 i = 0; i < bonds.length; i++) {
            Bond memory bond = bonds[i];
            bool back = !decided || bond.forSlash == slashed || (unheard && i == bonds.length - 1);
            // Taken back by the one who gave it, so that no receiver can stop a case.
            if (back) earned[bond.by] += bond.amount;
            else fund += bond.amount;
        }
        delete _bonds[caseId];
    }

    /// What silent jurors and those of the minority lose is shared by those who were right, beside their wage.
    function _settleRound(bytes32 caseId, Round storage round, uint8 right) private {
        if (round.stage != Stage.Decided && round.stage != Stage.Failed) return;
        uint256 lost;
        uint256 rightful;
        for (uint256 i = 0; i < round.seats.length; i++) {
            Seat storage seat = round.seats[i];
            jurors[seat.juror].seated -= 1;
            bool silent = seat.vote == 0;
            if (silent || (right != 0 && seat.vote != right)) {
                uint256 taken = _take(seat.juror, silent ? SILENT_BASIS_POINTS : MINORITY_BASIS_POINTS);
                lost += taken;
                emit JurorPenalised(caseId, seat.juror, taken, silent);
            } else {
                rightful += 1;
            }
        }
        fund += lost;
        if (rightful == 0) return;
        uint256 share = wage;
        if (share * rightful + lost > fund) share = (fund - lost) / rightful;
        share += lost / rightful;
        fund -= share * rightful;
        for (uint256 i = 0; i < round.seats.length; i++) {
            Seat storage seat = round.seats[i];
            if (seat.vote == 0 || (right != 0 && seat.vote != right)) continue;
            earned[seat.juror] += share;
            emit JurorPaid(caseId, seat.juror, share);
        }
    }
}
