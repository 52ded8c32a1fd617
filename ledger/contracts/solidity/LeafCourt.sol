// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {InventoryProof} from "./InventoryProof.sol";
import {Owing} from "./Owing.sol";

interface ILeafPools {
    function hold(bytes32 id, address pool, uint16 basisPoints) external returns (uint256);
    function release(bytes32 id, address pool) external;
    function slash(bytes32 id, address pool, uint16 basisPoints) external returns (uint256);
    function stakeOf(address pool) external view returns (uint256, uint256, uint256, uint16, uint8);
}

/// A node signs what it holds: the root of a sum tree over its pieces. Whoever doubts it names one leaf and puts down a bond; the node
/// shows the leaf within the time, or is slashed without a jury, once for each inventory. Nobody has a role here.
/// An inventory costs no gas until somebody doubts it. It may be doubted for `inventorySeconds`, so a node keeps deleted pieces that long.
/// Invariant: the balance is the bonds of open disputes and what is owed.
contract LeafCourt is Owing {
    struct Inventory { address pool; address node; bytes32 root; uint64 leaves; uint64 madeAt; }

    struct Known { address pool; bytes32 root; uint64 leaves; uint32 open; bool slashed; }

    enum Stage { None, Open, Answered, Unanswered }

    struct Dispute { bytes32 inventory; address by; uint64 index; uint64 answerUntil; Stage stage; }

    struct Enlisted { bool once; uint64 until; }

    ILeafPools public immutable pools;
    address public immutable insurance;
    address public immutable refunds;
    uint64 public immutable answerSeconds;
    uint64 public immutable inventorySeconds;
    uint256 public immutable bond;
    uint16 public immutable slashBasisPoints;

    /// Keys that speak for nodes of a pool; each pool answers for what they sign.
    mapping(address pool => mapping(address node => Enlisted)) public enlisted;
    mapping(bytes32 inventoryId => Known) public inventories;
    mapping(bytes32 disputeId => Dispute) public disputes;

    event NodeEnlisted(address indexed pool, address indexed node);
    event NodeDismissed(address indexed pool, address indexed node);
    event LeafDisputed(
        bytes32 indexed disputeId, address indexed pool, address indexed node, address by, bytes32 root, uint64 leaves, uint64 index, uint64 answerUntil
    );
    event LeafShown(bytes32 indexed disputeId, address indexed pool);
    event LeafMissing(bytes32 indexed disputeId, address indexed pool, bytes32 indexed inventoryId, address by, uint256 slashed);

    error EnlistedAlready();
    error NotEnlisted();
    error WrongBond(uint256 bond);
    error NotSigned();
    error InventoryExpired();
    error NoSuchLeaf(uint64 leaves);
    error DisputedAlready();
    error NothingAtStake();
    error WrongStage(Stage stage);
    error TooLate(uint64 until);
    error AnswerRuns(uint64 until);
    error OnlyFromPools();

    constructor(
        address pools_, address insurance_, address refunds_, uint64 answerSeconds_, uint64 inventorySeconds_, uint256 bond_, uint16 slashBasisPoints_
    ) {
        pools = ILeafPools(pools_);
        insurance = insurance_;
        refunds = refunds_;
        answerSeconds = answerSeconds_;
        inventorySeconds = inventorySeconds_;
        bond = bond_;
        slashBasisPoints = slashBasisPoints_;
    }

    receive() external payable {
        if (msg.sender != address(pools)) revert OnlyFromPools();
    }

    /// Sent by the pool: it answers for what this key signs.
    function enlist(address node) external {
        Enlisted storage found = enlisted[msg.sender][node];
        if (found.once && found.until == 0) revert EnlistedAlready();
        enlisted[msg.sender][node] = Enlisted(true, 0);
        emit NodeEnlisted(msg.sender, node);
    }

    /// For inventories made from now on.
    function dismiss(address node) external {
        Enlisted storage found = enlisted[msg.sender][node];
        if (!found.once || found.until != 0) revert NotEnlisted();
        found.until = uint64(block.timestamp);
        emit NodeDismissed(msg.sender, node);
    }

    /// What the node signs (EIP-191, version 0x45), bound to this contract on this chain.
    function inventoryId(Inventory memory made) public view returns (bytes32) {
        return keccak256(abi.encode("oort/inventory/1", block.chainid, address(this), made.pool, made.node, made.root, made.leaves, made.madeAt));
    }

    function disputeId(bytes32 inventory, uint64 index) public pure returns (bytes32) {
        return keccak256(abi.encode(inventory, index));
    }

    /// Each leaf of an inventory once.
    function dispute(Inventory calldata made, bytes calldata signature, uint64 index) external payable returns (bytes32 id) {
        if (msg.value != bond) revert WrongBond(bond);
        if (index >= made.leaves) revert NoSuchLeaf(made.leaves);
        bytes32 inventory = _vouched(made, signature);
        id = disputeId(inventory, index);
        Known storage known = inventories[inventory];
        if (disputes[id].stage != Stage.None || known.slashed) revert DisputedAlready();
        if (known.open == 0) _hold(inventory, made, known);
        known.open += 1;
        uint64 until = uint64(block.timestamp) + answerSeconds;
        disputes[id] = Dispute(inventory, msg.sender, index, until, Stage.Open);
        emit LeafDisputed(id, made.pool, made.node, msg.sender, made.root, made.leaves, index, until);
    }

    /// Anybody may hand in what the node shows; a wrong answer is none. Half the bond goes to the pool for its trouble, half is insured.
    function answer(
        bytes32 id, InventoryProof.Piece calldata piece, InventoryProof.Step[] calldata path, bytes calldata leaf, bytes32[] calldata proof
    ) external {
        Dispute storage found = disputes[id];
        if (found.stage != Stage.Open) revert WrongStage(found.stage);
        if (block.timestamp >= found.answerUntil) revert TooLate(found.answerUntil);
        Known storage known = inventories[found.inventory];
        InventoryProof.check(known.root, known.leaves, found.index, piece, path, leaf, proof);
        found.stage = Stage.Answered;
        known.open -= 1;
        if (known.open == 0 && !known.slashed) pools.release(found.inventory, known.pool);
        emit LeafShown(id, known.pool);
        _pay(known.pool, bond / 2);
        _pay(insurance, bond - bond / 2);
    }

    /// Anybody, once the time is over. The bond goes back; of the slash a tenth to who doubted, four tenths to refunds, the rest is insured.
    function convict(bytes32 id) external {
        Dispute storage found = disputes[id];
        if (found.stage != Stage.Open) revert WrongStage(found.stage);
        if (block.timestamp < found.answerUntil) revert AnswerRuns(found.answerUntil);
        Known storage known = inventories[found.inventory];
        found.stage = Stage.Unanswered;
        known.open -= 1;
        uint256 amount;
        if (!known.slashed) {
            known.slashed = true;
            amount = pools.slash(found.inventory, known.pool, slashBasisPoints);
        }
        emit LeafMissing(id, known.pool, found.inventory, found.by, amount);
        uint256 toFinder = amount / 10;
        uint256 toRefunds = amount * 4 / 10;
        _pay(found.by, bond + toFinder);
        _pay(refunds, toRefunds);
        _pay(insurance, amount - toFinder - toRefunds);
    }

    /// The id of an inventory, or a revert: the pool must have answered for the node when it was made, its time must still run, and the
    /// node must have signed it.
    function _vouched(Inventory calldata made, bytes calldata signature) private view returns (bytes32 inventory) {
        Enlisted memory found = enlisted[made.pool][made.node];
        if (!found.once || (found.until != 0 && made.madeAt >= found.until)) revert NotEnlisted();
        if (block.timestamp >= uint256(made.madeAt) + inventorySeconds) revert InventoryExpired();
        inventory = inventoryId(made);
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", inventory)), signature);
        if (fault != ECDSA.RecoverError.NoError || signer != made.node) revert NotSigned();
    }

    function _hold(bytes32 inventory, Inventory calldata made, Known storage known) private {
        (uint256 own, uint256 delegated, uint256 exiting,,) = pools.stakeOf(made.pool);
        if (own + delegated + exiting == 0) revert NothingAtStake();
        known.pool = made.pool;
        known.root = made.root;
        known.leaves = made.leaves;
        pools.hold(inventory, made.pool, slashBasisPoints);
    }
}
