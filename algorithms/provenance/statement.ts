// What each event says about where something came from. One rule, used by the read model and by the verifier,
// so that a proof cannot follow another graph than the one that is shown.
import type { PlatformEvent } from '@oort/schema';

export type SubjectKind =
  | 'account' | 'consent' | 'contribution' | 'item' | 'annotation' | 'dataset-version' | 'model' | 'training-run'
  | 'model-version' | 'deployment' | 'prediction' | 'node';

/** `role` names how the subject relates to the target; the terms of PROV-DM where it has one. */
export interface Link { readonly role: string; readonly to: string }

export interface Statement { readonly subject: string; readonly kind: SubjectKind; readonly links: readonly Link[] }

/** The labels of an item are a subject of their own: they have other authors than the item. */
export const annotationOf = (itemId: string): string => `annotation:${itemId}`;

/** Events that state provenance; the rest say nothing about origins. */
export const statingTypes = [
  'AccountOpened', 'NodeEnrolled', 'ConsentGiven', 'ContributionSubmitted', 'ContributionPreprocessed', 'ContributionAccepted',
  'ContributionWithdrawn', 'ItemResolved', 'DatasetVersionSealed', 'ModelCreated', 'TrainingRunStarted', 'TrainingRunCompleted',
  'ModelVersionPublished', 'DeploymentCreated', 'DeploymentInstalled', 'PredictionRecorded',
] as const satisfies readonly PlatformEvent['type'][];

type Stating = Extract<PlatformEvent, { readonly type: (typeof statingTypes)[number] }>;

export function isStating(event: { readonly type: string }): event is Stating {
  return (statingTypes as readonly string[]).includes(event.type);
}

const link = (role: string, to: string | null): readonly Link[] => (to === null ? [] : [{ role, to }]);
const links = (role: string, targets: readonly string[]): readonly Link[] => targets.map((to) => ({ role, to }));

export function statementOf(event: Stating): Statement {
  switch (event.type) {
    case 'AccountOpened': return { subject: event.data.accountId, kind: 'account', links: [] };
    case 'NodeEnrolled': return { subject: event.data.nodeId, kind: 'node', links: [] };
    case 'ConsentGiven':
      return { subject: event.data.consentId, kind: 'consent', links: link('givenBy', event.data.accountId) };
    case 'ContributionSubmitted': return {
      subject: event.data.contributionId, kind: 'contribution',
      links: [...link('wasAttributedTo', event.data.accountId), ...link('underConsent', event.data.consentId)],
    };
    case 'ContributionPreprocessed':
      return { subject: event.data.contributionId, kind: 'contribution', links: link('preprocessedOn', event.data.nodeId) };
    case 'ContributionAccepted':
      return { subject: event.data.itemId, kind: 'item', links: link('wasDerivedFrom', event.data.contributionId) };
    case 'ContributionWithdrawn':
      return { subject: event.data.contributionId, kind: 'contribution', links: [] };
    case 'ItemResolved': return {
      subject: annotationOf(event.data.itemId), kind: 'annotation',
      links: links('wasAttributedTo', event.data.labels.map(({ accountId }) => accountId)),
    };
    case 'DatasetVersionSealed': return {
      subject: event.data.versionId, kind: 'dataset-version',
      links: [
        ...links('hadMember', event.data.itemIds), ...links('labelledBy', event.data.itemIds.map(annotationOf)),
        ...link('wasRevisionOf', event.data.parentVersionId), ...link('wasAttributedTo', event.data.accountId),
      ],
    };
    case 'ModelCreated': return { subject: event.data.modelId, kind: 'model', links: link('wasAttributedTo', event.data.accountId) };
    case 'TrainingRunStarted': return {
      subject: event.data.runId, kind: 'training-run',
      links: [...links('used', event.data.datasetVersionIds), ...link('of', event.data.modelId)],
    };
    case 'TrainingRunCompleted':
      return { subject: event.data.runId, kind: 'training-run', links: links('ranOn', event.data.nodeIds) };
    case 'ModelVersionPublished': return {
      subject: event.data.versionId, kind: 'model-version',
      links: [...link('wasGeneratedBy', event.data.runId), ...link('of', event.data.modelId), ...link('wasAttributedTo', event.data.accountId)],
    };
    case 'DeploymentCreated':
      return { subject: event.data.deploymentId, kind: 'deployment', links: link('of', event.data.versionId) };
    case 'DeploymentInstalled':
      return { subject: event.data.deploymentId, kind: 'deployment', links: link('installedOn', event.data.nodeId) };
    case 'PredictionRecorded': return {
      subject: event.data.predictionId, kind: 'prediction',
      links: [...link('wasGeneratedBy', event.data.versionId), ...link('through', event.data.deploymentId), ...link('ranOn', event.data.nodeId)],
    };
  }
}
