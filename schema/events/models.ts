import type { Json } from '@oort/kernel-wire';
import type { PersonalFields, Visibilities } from './visibility';

export type ModelsEvent =
  | { readonly type: 'ModelCreated'; readonly data: { readonly modelId: string; readonly accountId: string; readonly name: string; readonly architecture: Json; readonly licence: string; /** The model whose design it took over. */ readonly forkedFrom?: string | null } }
  | { readonly type: 'ModelCommented'; readonly data: { readonly modelId: string; readonly commentId: string; readonly accountId: string; readonly replyTo: string | null; readonly text: string } }
  | { readonly type: 'DesignProposed'; readonly data: { readonly modelId: string; readonly proposalId: string; readonly accountId: string; readonly architecture: Json; readonly hyperParameters: Json; readonly text: string } }
  | { readonly type: 'DesignReviewed'; readonly data: { readonly modelId: string; readonly proposalId: string; readonly accountId: string; readonly verdict: 'approve' | 'reject'; readonly text: string } }
  | { readonly type: 'DesignAdopted'; readonly data: { readonly modelId: string; readonly proposalId: string; readonly accountId: string; readonly architecture: Json; readonly hyperParameters: Json } }
  | { readonly type: 'DesignDeclined'; readonly data: { readonly modelId: string; readonly proposalId: string; readonly accountId: string } }
  | { readonly type: 'TrainingRunStarted'; readonly data: {
      readonly runId: string; readonly modelId: string; readonly accountId: string; readonly datasetVersionIds: readonly string[]; readonly datasetRoots: readonly string[];
      /** SHA-256 of the training-step graph, hex. */ readonly codeDigest: string;
      readonly architecture: Json; readonly hyperParameters: Json; readonly seed: number; readonly rounds: number; readonly workers: number; readonly startedAt: string;
      /** The versions' examples as the workers fetch them, the held-out ones, and where round 0 starts from. */
      readonly exampleSetContentIds: readonly string[]; readonly evaluationContentId: string | null; readonly initialWeightsContentId: string;
      /** The version that it goes on from; none in runs that start from seeded weights. */ readonly baseVersionId?: string | null;
    } }
  | { readonly type: 'TrainingRoundCompleted'; readonly data: { readonly runId: string; readonly round: number; readonly jobIds: readonly string[]; readonly nodeIds: readonly string[]; readonly weightsContentId: string; readonly metrics: Json } }
  | { readonly type: 'TrainingRunCompleted'; readonly data: {
      readonly runId: string; readonly modelId: string; readonly modelContentId: string; /** SHA-256 Merkle root of the ONNX file, hex. */ readonly modelRoot: string;
      readonly datasetRoots: readonly string[]; readonly metrics: Json; readonly nodeIds: readonly string[];
      readonly manifest: Json; readonly manifestHash: string; readonly startedAt: string; readonly endedAt: string;
    } }
  | { readonly type: 'TrainingRunFailed'; readonly data: { readonly runId: string; readonly reason: string } }
  | { readonly type: 'ModelVersionPublished'; readonly data: { readonly versionId: string; readonly modelId: string; readonly runId: string | null; readonly accountId: string; readonly publisher: string; readonly modelContentId: string; readonly modelRoot: string; readonly card: Json; /** Whether its file is for whoever asks; not, where it is left out. */ readonly openToAll?: boolean } }
  | { readonly type: 'DeploymentCreated'; readonly data: { readonly deploymentId: string; readonly versionId: string; readonly accountId: string; readonly nodeIds: readonly string[]; readonly licenceExpiresAt: string; readonly bundleSignature: string;
      /** Rising percentages of its devices, and those of the first; all at once, where they are left out. */
      readonly rings?: readonly number[]; readonly firstNodeIds?: readonly string[];
    } }
  | { readonly type: 'DeploymentRingOpened'; readonly data: { readonly deploymentId: string; readonly versionId: string; readonly ring: number; readonly percent: number; /** All that it reaches now. */ readonly nodeIds: readonly string[] } }
  | { readonly type: 'DeploymentInstalled'; readonly data: { readonly deploymentId: string; readonly versionId: string; readonly nodeId: string } }
  | { readonly type: 'DeploymentRolledBack'; readonly data: { readonly deploymentId: string; readonly versionId: string; readonly reason: string } }
  | { readonly type: 'OfflineUsageReported'; readonly data: { readonly packetId: string; readonly deploymentId: string; readonly versionId: string; readonly nodeId: string; readonly accountId: string; readonly predictions: number; readonly from: string; readonly to: string } }
  | { readonly type: 'PredictionRecorded'; readonly data: { readonly predictionId: string; readonly versionId: string; readonly nodeId: string; readonly deploymentId: string | null; readonly jobId: string | null; readonly inputHash: string; readonly outputHash: string; readonly label: string; readonly predictedAt: string } };

export const modelsVisibility = {
  ModelCreated: 'public', ModelCommented: 'public', DesignProposed: 'public', DesignReviewed: 'public', DesignAdopted: 'public', DesignDeclined: 'public',
  DeploymentRingOpened: 'public', TrainingRunStarted: 'public', TrainingRoundCompleted: 'public', TrainingRunCompleted: 'public', TrainingRunFailed: 'public',
  ModelVersionPublished: 'public', DeploymentCreated: 'public', DeploymentInstalled: 'public', DeploymentRolledBack: 'public', OfflineUsageReported: 'public', PredictionRecorded: 'public',
} as const satisfies Visibilities<ModelsEvent>;

/** What a person wrote goes when the person is forgotten; what was decided stays. */
export const modelsPersonal = {
  ModelCommented: { of: 'accountId', fields: ['text'] }, DesignProposed: { of: 'accountId', fields: ['text'] }, DesignReviewed: { of: 'accountId', fields: ['text'] },
} as const satisfies PersonalFields<ModelsEvent>;
