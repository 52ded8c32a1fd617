// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Paying} from "./Paying.sol";

interface IStakeVotes {
    function votesAt(address account, uint48 blockNumber) external view returns (uint256);
    function totalVotesAt(uint48 blockNumber) external view returns (uint256);
}

/// Parameters of the platform, changed by votes of stake as it stood one block before the proposal.
contract Governance {
    struct Proposal {
        address proposer;
        bytes32 parameter;
        uint256 value;
        uint48 snapshot;
        uint64 votingEndsAt;
        uint64 executableAt;
        uint256 inFavour;
        uint256 against;
        uint256 deposit;
        bool closed;
        bool executed;
    }

    uint256 private constant WHOLE = 10_000;

    IStakeVotes public immutable stakes;
    IStakeVotes public immutable defi;
    address payable public immutable rewards;
    uint64 public immutable votingSeconds;
    uint64 public immutable timelockSeconds;
    uint16 public immutable quorumBasisPoints;
    uint256 public immutable proposalDeposit;

    uint256 public proposalCount;
    mapping(bytes32 name => uint256) private _parameters;
    mapping(bytes32 name => uint256) public maximumOf;
    mapping(uint256 proposalId => Proposal) private _proposals;
    mapping(uint256 proposalId => mapping(address voter => bool)) public voted;

    event Proposed(uint256 indexed proposalId, address indexed proposer, bytes32 parameter, uint256 value, uint64 votingEndsAt, string reason);
    event Voted(uint256 indexed proposalId, address indexed voter, bool support, uint256 weight);
    event Executed(uint256 indexed proposalId);
    event Rejected(uint256 indexed proposalId);
    event ParameterChanged(bytes32 indexed name, uint256 value);

    error UnknownParameter(bytes32 name);
    error AboveMaximum(uint256 maximum);
    error WrongDeposit(uint256 deposit);
    error NoSuchProposal();
    error VotingOver();
    error VotedAlready();
    error NoWeight();
    error Closed();
    error NotYet(uint64 availableAt);
    error NotPassed();
    error HasPassed();

    constructor(
        address stakes_, address defi_, address payable rewards_, uint64 votingSeconds_, uint64 timelockSeconds_,
        uint16 quorumBasisPoints_, uint256 proposalDeposit_, bytes32[] memory names, uint256[] memory values, uint256[] memory maxima
    ) {
        stakes = IStakeVotes(stakes_);
        defi = IStakeVotes(defi_);
        rewards = rewards_;
        votingSeconds = votingSeconds_;
        timelockSeconds = timelockSeconds_;
        quorumBasisPoints = quorumBasisPoints_;
        proposalDeposit = proposalDeposit_;
        for (uint256 i = 0; i < names.length; i++) {
            maximumOf[names[i]] = maxima[i];
            _parameters[names[i]] = values[i];
            emit ParameterChanged(names[i], values[i]);
        }
    }

    function propose(bytes32 name, uint256 value, string calldata reason) external payable returns (uint256 proposalId) {
        if (maximumOf[name] == 0) revert UnknownParameter(name);
        if (value > maximumOf[name]) revert AboveMaximum(maximumOf[name]);
        if (msg.value != proposalDeposit) revert WrongDeposit(proposalDeposit);
        proposalId = ++proposalCount;
        uint64 votingEndsAt = uint64(block.timestamp) + votingSeconds;
        Proposal storage made = _proposals[proposalId];
        made.proposer = msg.sender;
        made.parameter = name;
        made.value = value;
        made.snapshot = uint48(block.number) - 1;
        made.votingEndsAt = votingEndsAt;
        made.executableAt = votingEndsAt + timelockSeconds;
        made.deposit = msg.value;
        emit Proposed(proposalId, msg.sender, name, value, votingEndsAt, reason);
    }

    function vote(uint256 proposalId, bool support) external {
        Proposal storage found = _existing(proposalId);
        if (block.timestamp >= found.votingEndsAt) revert VotingOver();
        if (voted[proposalId][msg.sender]) revert VotedAlready();
        uint256 weight = stakes.votesAt(msg.sender, found.snapshot) + defi.votesAt(msg.sender, found.snapshot);
        if (weight == 0) revert NoWeight();
        voted[proposalId][msg.sender] = true;
        if (support) found.inFavour += weight;
        else found.against += weight;
        emit Voted(proposalId, msg.sender, support, weight);
    }

    /// Anybody may execute what has passed; the deposit goes back to its proposer.
    function execute(uint256 proposalId) external {
        Proposal storage found = _existing(proposalId);
        if (found.closed) revert Closed();
        if (block.timestamp < found.executableAt) revert NotYet(found.executableAt);
        if (!_passed(found)) revert NotPassed();
        found.closed = true;
        found.executed = true;
        _parameters[found.parameter] = found.value;
        emit ParameterChanged(found.parameter, found.value);
        emit Executed(proposalId);
        if (!Paying.offer(found.proposer, found.deposit)) Address.sendValue(rewards, found.deposit);
    }

    /// Closes what has not passed; its deposit goes to the reward pool.
    function reject(uint256 proposalId) external {
        Proposal storage found = _existing(proposalId);
        if (found.closed) revert Closed();
        if (block.timestamp < found.votingEndsAt) revert NotYet(found.votingEndsAt);
        if (_passed(found)) revert HasPassed();
        found.closed = true;
        emit Rejected(proposalId);
        Address.sendValue(rewards, found.deposit);
    }

    function parameter(bytes32 name) external view returns (uint256) {
        return _parameters[name];
    }

    function proposal(uint256 proposalId) external view returns (
        address proposer, bytes32 name, uint256 value, uint64 votingEndsAt, uint64 executableAt, uint256 inFavour, uint256 against, bool executed
    ) {
        Proposal storage p = _proposals[proposalId];
        return (p.proposer, p.parameter, p.value, p.votingEndsAt, p.executableAt, p.inFavour, p.against, p.executed);
    }

    function quorumOf(uint256 proposalId) external view returns (uint256) {
        return _quorum(_existing(proposalId));
    }

    function _existing(uint256 proposalId) private view returns (Proposal storage found) {
        found = _proposals[proposalId];
        if (found.proposer == address(0)) revert NoSuchProposal();
    }

    function _quorum(Proposal storage found) private view returns (uint256) {
        uint256 all = stakes.totalVotesAt(found.snapshot) + defi.totalVotesAt(found.snapshot);
        return (all * quorumBasisPoints + WHOLE - 1) / WHOLE;
    }

    function _passed(Proposal storage found) private view returns (bool) {
        return found.inFavour > found.against && found.inFavour + found.against >= _quorum(found);
    }
}
