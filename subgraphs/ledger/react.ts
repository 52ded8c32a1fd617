// Which events of other domains become calls of the platform's key, and what is in each call.
import { ZeroAddress, id as keccakOfText, isAddress } from 'ethers';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, sha256Hex } from '@oort/kernel-wire';
import { contentKinds, type PlatformEvent } from '@oort/schema';
import type { CallRequest } from './calls';

export const callingTypes = [
  'DatasetVersionSealed', 'ModelVersionPublished', 'TrainingRunCompleted', 'BatchCommitted', 'BatchOpened', 'SlashProposed', 'RewardEpochClosed',
  'PossessionAudited',
] as const satisfies readonly PlatformEvent['type'][];

type Calling = Extract<PlatformEvent, { readonly type: (typeof callingTypes)[number] }>;
type Content = Omit<CallRequest, 'callId' | 'valueWei'> & { readonly valueWei?: bigint };

export interface ReactionContext {
  /** Of the last anchored tree. */
  readonly anchoredSize: number;
  readonly rewardsAddress: string;
  /** Of a dispute before LeafCourt; null on a network that has none. */
  readonly leafBondWei: bigint | null;
  /** Whether the network has OfficerCourt, and a court that knows of finders beside it. */
  readonly hasOfficers?: boolean;
}

/** Pure: the same event asks for the same calls, by the same ids. */
export function callsFor(recorded: RecordedEvent, context: ReactionContext): readonly CallRequest[] {
  const event = { type: recorded.type, data: recorded.data } as unknown as Calling;
  return contents(event, context).map((content, index) => {
    const callId = deriveId('call', `${recorded.id}/${index}`);
    const args = content.method === 'release' ? [keccakOfText(callId), ...content.args] : content.args;
    return { valueWei: 0n, ...content, args, callId };
  });
}

function contents(event: Calling, { anchoredSize, rewardsAddress, leafBondWei, hasOfficers = false }: ReactionContext): readonly Content[] {
  switch (event.type) {
    case 'DatasetVersionSealed': {
      const { versionId, root, author } = event.data;
      return [{ contract: 'Anchors', method: 'recordContent', args: [keccakOfText(versionId), bytes32(root), contentKinds.datasetVersion, addressOf(author), anchoredSize], subject: { kind: 'dataset-version', id: versionId } }];
    }
    case 'ModelVersionPublished': {
      const { versionId, modelRoot, publisher } = event.data;
      return [{ contract: 'Anchors', method: 'recordContent', args: [keccakOfText(versionId), bytes32(modelRoot), contentKinds.modelVersion, addressOf(publisher), anchoredSize], subject: { kind: 'model-version', id: versionId } }];
    }
    case 'TrainingRunCompleted': {
      const { runId, datasetRoots, startedAt, endedAt, modelRoot, manifestHash } = event.data;
      return [{
        contract: 'Anchors', method: 'recordTrainingRun', subject: { kind: 'training-run', id: runId },
        args: [keccakOfText(runId), datasetRoots.map(bytes32), unixSeconds(startedAt), unixSeconds(endedAt), bytes32(modelRoot), bytes32(manifestHash)],
      }];
    }
    case 'BatchCommitted': {
      const { batchId, root, count } = event.data;
      return [{ contract: 'HonestyCourt', method: 'commitBatch', args: [keccakOfText(batchId), bytes32(root), count], subject: { kind: 'audit-batch', id: batchId } }];
    }
    case 'BatchOpened': {
      const { batchId, openings } = event.data;
      const hash = sha256Hex(canonicalJson(openings));
      return [{ contract: 'HonestyCourt', method: 'openBatch', args: [keccakOfText(batchId), bytes32(hash)], subject: { kind: 'audit-batch', id: batchId } }];
    }
    case 'SlashProposed': {
      const { caseId, operator, basisPoints, evidenceHash, finder } = event.data;
      const accusation = [keccakOfText(caseId), addressOf(operator), basisPoints, bytes32(evidenceHash)];
      if (finder !== undefined && hasOfficers) {
        return [{ contract: 'HonestyCourt', method: 'proposeSlashFoundBy', args: [addressOf(finder), ...accusation], subject: { kind: 'slash', id: caseId } }];
      }
      return [{ contract: 'HonestyCourt', method: 'proposeSlash', args: accusation, subject: { kind: 'slash', id: caseId } }];
    }
    case 'PossessionAudited': {
      const { nodeId, dispute } = event.data;
      if (dispute === undefined || leafBondWei === null) return [];
      const { signature, index, ...made } = dispute;
      return [{ contract: 'LeafCourt', method: 'dispute', args: [made, signature, index], valueWei: leafBondWei, subject: { kind: 'disputed-leaf', id: nodeId } }];
    }
    case 'RewardEpochClosed': {
      const { epoch, root, cumulativeWei, treasuryWei, releases } = event.data;
      const subject = { kind: 'reward-epoch', id: String(epoch) };
      return [
        ...releases.map(({ missionId, amountWei }): Content => ({ contract: 'Escrow', method: 'release', args: [keccakOfText(missionId), rewardsAddress, amountWei], subject })),
        { contract: 'Rewards', method: 'publish', args: [epoch, bytes32(root), cumulativeWei], valueWei: BigInt(treasuryWei), subject },
      ];
    }
  }
}

export function settleCall(caseId: string): CallRequest {
  return {
    callId: deriveId('call', `settle/${caseId}`), contract: 'HonestyCourt', method: 'settle', args: [keccakOfText(caseId)], valueWei: 0n,
    subject: { kind: 'slash', id: caseId },
  };
}

/** Roots and hashes stand in events as 64 hex digits, some with 0x. */
function bytes32(hex: string): string {
  return hex.startsWith('0x') ? hex : `0x${hex}`;
}

function addressOf(text: string): string {
  return isAddress(text) ? text : ZeroAddress;
}

function unixSeconds(at: string): number {
  return Math.floor(Date.parse(at) / 1000);
}

/** The wage of one seat, into the fund that it is paid out of. */
export function wageCall(period: string, officer: string, valueWei: bigint): CallRequest {
  return {
    callId: deriveId('call', `wage/${period}/${officer.toLowerCase()}`), contract: 'OfficerCourt', method: 'give', args: [], valueWei,
    subject: { kind: 'officer-wage', id: `${period}/${officer}` },
  };
}

export function convictCall(disputeId: string): CallRequest {
  return {
    callId: deriveId('call', `convict/${disputeId}`), contract: 'LeafCourt', method: 'convict', args: [disputeId], valueWei: 0n,
    subject: { kind: 'disputed-leaf', id: disputeId },
  };
}
