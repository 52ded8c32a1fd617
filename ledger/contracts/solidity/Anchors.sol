// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PlatformOperated} from "./PlatformOperated.sol";

/// Roots of the platform's event log (RFC 6962), of content, and the record of training runs. Sizes only grow.
contract Anchors is PlatformOperated {
    uint64 private _treeSize;
    bytes32 private _root;
    mapping(bytes32 datasetRoot => bytes32[]) private _runs;

    event Anchored(uint64 indexed treeSize, bytes32 root);
    event ContentRecorded(bytes32 indexed id, bytes32 indexed contentRoot, uint8 kind, address author, uint64 anchoredSize);
    event TrainingRunRecorded(bytes32 indexed id, bytes32 indexed modelRoot, bytes32[] datasetRoots, uint64 startedAt, uint64 endedAt, bytes32 manifestHash);

    error NotGrown(uint64 treeSize, uint64 latest);
    error EndsBeforeStart();

    constructor(address platform) PlatformOperated(platform) {}

    function anchor(uint64 treeSize, bytes32 root) external onlyPlatform {
        if (treeSize <= _treeSize) revert NotGrown(treeSize, _treeSize);
        _treeSize = treeSize;
        _root = root;
        emit Anchored(treeSize, root);
    }

    function recordContent(bytes32 id, bytes32 contentRoot, uint8 kind, address author, uint64 anchoredSize)
        external onlyPlatform once(id)
    {
        emit ContentRecorded(id, contentRoot, kind, author, anchoredSize);
    }

    function recordTrainingRun(
        bytes32 id, bytes32[] calldata datasetRoots, uint64 startedAt, uint64 endedAt, bytes32 modelRoot, bytes32 manifestHash
    ) external onlyPlatform once(id) {
        if (endedAt < startedAt) revert EndsBeforeStart();
        for (uint256 i = 0; i < datasetRoots.length; i++) _runs[datasetRoots[i]].push(id);
        emit TrainingRunRecorded(id, modelRoot, datasetRoots, startedAt, endedAt, manifestHash);
    }

    function latest() external view returns (uint64 treeSize, bytes32 root) {
        return (_treeSize, _root);
    }

    function trainingRunsOf(bytes32 datasetRoot) external view returns (bytes32[] memory) {
        return _runs[datasetRoot];
    }
}
