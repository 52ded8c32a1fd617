// What was written stays readable: one sample of every event of every version lies in golden/, and none is ever edited.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { newestVersion, upcast, type EventMetadata } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import { accountsVisibility } from './events/accounts';
import { auditVisibility } from './events/audit';
import { computeVisibility } from './events/compute';
import { datahubVisibility } from './events/datahub';
import { upcasters, visibilities } from './events/index';
import { ledgerVisibility } from './events/ledger';
import { modelsVisibility } from './events/models';
import { nodesVisibility } from './events/nodes';
import { stakingVisibility } from './events/staking';
import { storageVisibility } from './events/storage';

const advice = 'A stored event never changes. Declare the changed event as a new version beside the old one, give the old one an '
  + 'upcaster to the new, and add golden/<domain>/<Type>.v<version>.json. Never edit a sample: it stands for events on disks.';

/** Domain -> the name of its union and the types that it declares. */
const domains = {
  accounts: ['AccountsEvent', accountsVisibility], audit: ['AuditEvent', auditVisibility], compute: ['ComputeEvent', computeVisibility],
  datahub: ['DatahubEvent', datahubVisibility], ledger: ['LedgerEvent', ledgerVisibility], models: ['ModelsEvent', modelsVisibility],
  nodes: ['NodesEvent', nodesVisibility], staking: ['StakingEvent', stakingVisibility], storage: ['StorageEvent', storageVisibility],
} as const;
type Domain = keyof typeof domains;

/** Stream category -> where its decider stands and which events it folds. Paths, not imports: the schema lies below the domains. */
const deciders: Readonly<Record<string, readonly [file: string, name: string, folds: readonly string[]]>> = {
  account: ['accounts/decide', 'accountDecider', Object.keys(accountsVisibility)],
  audit_batch: ['audit/decide', 'batchDecider', ['TaskCommitted', 'BatchCommitted', 'BatchOpened']],
  audit_monitor: ['audit/decide', 'monitorDecider', ['LeakSuspected', 'LeakCleared']],
  audit_phantom: ['audit/phantom', 'phantomDecider', ['PhantomHandedIn', 'PhantomOpened']],
  audit_record: ['audit/decide', 'recordDecider', ['VerdictReached', 'SlashProposed', 'CaseAppealed', 'JuryDrawn', 'JurorVoted', 'JuryDecided', 'ConvictionHeld', 'NodeCleared', 'SlashConfirmed', 'SlashSettled', 'ResultsRefuted']],
  job: ['compute/decide', 'jobDecider', Object.keys(computeVisibility)],
  mission: ['datahub/decide/mission', 'missionDecider', ['MissionOpened', 'MissionFunded', 'MissionClosed', 'GoldItemAdded']],
  participant: ['datahub/decide/participant', 'participantDecider', ['ConsentGiven', 'TaskAssigned', 'LabelSubmitted', 'AnnotatorFlagged']],
  contribution: ['datahub/decide/contribution', 'contributionDecider', [
    'ContributionSubmitted', 'ContributionPreprocessed', 'ContributionAccepted', 'ContributionRejected', 'ContributionWithdrawn',
  ]],
  dataset_version: ['datahub/decide/version', 'versionDecider', ['ItemResolved', 'EarningsAccrued', 'DatasetVersionSealed']],
  review: ['datahub/decide/review', 'reviewDecider', ['ReviewRecorded']],
  chain_calls: ['ledger/decide', 'callsDecider', ['ChainCallIntended', 'ChainCallFinalised', 'LogAnchored']],
  model: ['models/decide/model', 'modelDecider', ['ModelCreated', 'ModelCommented', 'DesignProposed', 'DesignReviewed', 'DesignAdopted', 'DesignDeclined']],
  modelversion: ['models/decide/catalogue', 'versionDecider', ['ModelVersionPublished']],
  prediction: ['models/decide/catalogue', 'predictionDecider', ['PredictionRecorded']],
  trainingrun: ['models/decide/run', 'runDecider', ['TrainingRunStarted', 'TrainingRoundCompleted', 'TrainingRunCompleted', 'TrainingRunFailed']],
  deployment: ['models/decide/deployment', 'deploymentDecider', [
    'DeploymentCreated', 'DeploymentRingOpened', 'DeploymentInstalled', 'DeploymentRolledBack', 'OfflineUsageReported', 'PredictionRecorded',
  ]],
  node: ['nodes/decide', 'nodeDecider', Object.keys(nodesVisibility)],
  reward_epochs: ['staking/decide', 'epochsDecider', ['RewardEpochClosed']],
  storage_bucket: ['storage/decide', 'bucketDecider', ['BucketCreated', 'BucketDeleted', 'BucketVersioningSet', 'BucketSettingSet']],
  storage_object: ['storage/decide', 'objectDecider', [
    'ObjectStored', 'DeleteMarkerPlaced', 'ObjectTagged', 'ObjectAclSet', 'ObjectRetentionSet', 'ObjectLegalHoldSet', 'ObjectDeleted', 'PieceAdded', 'PieceLost', 'SegmentPacked', 'PackSealed', 'ObjectArchived', 'ObjectRestored',
  ]],
  storage_keyring: ['storage/encryption-keys/keyring', 'keyringDecider', [
    'EncryptionKeyCreated', 'EncryptionKeyAliasSet', 'EncryptionKeyEnabledSet', 'EncryptionKeyRotated', 'EncryptionKeyGrantSet', 'EncryptionKeyDeletionScheduled', 'EncryptionKeyDeletionCancelled', 'EncryptionKeyDeleted',
  ]],
  storage_upload: ['storage/decide', 'uploadDecider', ['UploadStarted', 'PartStored', 'UploadCompleted', 'UploadAborted']],
};
/** Written as observed or measured: no state is folded from them. */
const undecided = ['ChainLogObserved', 'ContentHandedIn', 'BandwidthSettled', 'InventoryCommitted', 'PossessionAudited', 'EdgeAnswerRefuted'];

interface StoredEvent { readonly type: string; readonly data: Json }
interface Sample extends StoredEvent { readonly schemaVersion: number; readonly metadata: EventMetadata }
interface Golden { readonly domain: Domain; readonly file: string; readonly text: string; readonly sample: Sample }
interface Folding { readonly category: string; readonly initial: unknown; evolve(state: unknown, event: StoredEvent): unknown }

const folder = join(__dirname, 'golden');
const golden: readonly Golden[] = (Object.keys(domains) as Domain[]).flatMap((domain) => readdirSync(join(folder, domain)).sort().map((name) => {
  const text = readFileSync(join(folder, domain, name), 'utf8');
  return { domain, file: `${domain}/${name}`, text, sample: JSON.parse(text) as Sample };
}));

/** As it is read: of the newest version, whichever it was written in. */
function newest({ type, data, metadata }: Sample): Pick<Sample, 'type' | 'data' | 'metadata'> {
  return upcast({ id: 'golden', type, data, metadata }, upcasters);
}

/** Assigns every sample, as a literal of its newest version, to its domain's union, so that a missing, surplus or mistyped field is an error. */
function assignments(): string {
  const imports = Object.entries(domains).map(([domain, [union]]) => `import type { ${union} } from './events/${domain}';`);
  const checks = golden.map(({ domain, sample }, index) => {
    const { type, data, metadata } = newest(sample);
    const event = JSON.stringify({ type, data });
    return `export const event${index}: ${domains[domain][0]} = ${event}; export const metadata${index}: EventMetadata = ${JSON.stringify(metadata)};`;
  });
  return ["import type { EventMetadata } from '@oort/kernel-eventstore';", ...imports, ...checks].join('\n');
}

/** What the compiler has against a source that exists in memory only, beside this file and under the repository's settings. */
function diagnose(source: string): readonly { readonly line: number; readonly message: string }[] {
  const path = join(__dirname, 'golden-check.ts');
  const settings = ts.readConfigFile(join(__dirname, '..', 'tsconfig.base.json'), (file) => readFileSync(file, 'utf8')).config as { readonly compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(settings.compilerOptions, __dirname);
  const once = { ...options, types: ['node'], composite: false, incremental: false, declaration: false, emitDeclarationOnly: false, noEmit: true };
  const host = ts.createCompilerHost(once);
  const fromDisk = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => (name === path ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023, true) : fromDisk(name, ...rest));
  const program = ts.createProgram([path], once, host);
  const file = program.getSourceFile(path);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ start, messageText }) => ({
    line: file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0, message: ts.flattenDiagnosticMessageText(messageText, ' '),
  }));
}

async function deciderOf(file: string, name: string): Promise<Folding | undefined> {
  const module = (await import(join(__dirname, '..', 'subgraphs', file))) as Readonly<Record<string, Folding | undefined>>;
  return module[name];
}

describe('golden events', () => {
  it('are there for every declared event, under the name that they carry', () => {
    const names = golden.map(({ file }) => file);
    const missing = Object.entries(domains).flatMap(([domain, [, types]]) => Object.keys(types)
      .filter((type) => !names.some((name) => name.startsWith(`${domain}/${type}.v`))).map((type) => `${domain}/${type}`));
    const misnamed = golden.filter(({ file, sample: { type, schemaVersion, metadata } }) => (
      basename(file) !== `${type}.v${schemaVersion}.json` || metadata.schemaVersion !== schemaVersion)).map(({ file }) => file);
    const undeclared = golden.filter(({ domain, sample: { type } }) => !(type in domains[domain][1])).map(({ file }) => file);
    expect({ advice, missing, misnamed, undeclared }).toEqual({ advice, missing: [], misnamed: [], undeclared: [] });
    expect(Object.values(domains).flatMap(([, types]) => Object.keys(types)).sort()).toEqual(Object.keys(visibilities).sort());
  });

  it('are there for every version that an upcaster leads from, and for the newest', () => {
    const versionsOf = (type: string): readonly number[] => golden.filter(({ sample }) => sample.type === type).map(({ sample }) => sample.schemaVersion);
    const incomplete = Object.keys(visibilities).filter((type) => (
      Array.from({ length: newestVersion(type, upcasters) }, (_, index) => index + 1).some((version) => !versionsOf(type).includes(version))));
    const unknown = Object.keys(upcasters).filter((type) => !(type in visibilities));
    expect({ advice, incomplete, unknown }).toEqual({ advice, incomplete: [], unknown: [] });
  });

  it('still have the shape that the types declare', () => {
    const first = assignments().split('\n').length - golden.length;
    const changed = diagnose(assignments()).map(({ line, message }) => `${golden[line - first]?.file ?? `line ${line}`}: ${message}`);
    expect({ advice, changed }).toEqual({ advice, changed: [] });
  });

  it.each([
    ['lost a field', ''],
    ['got a field that nobody declared', '"nodeId":"node_1","colour":"red"'],
    ['changed the type of a field', '"nodeId":1'],
  ])('would be refused if the event %s', (_, fields) => {
    expect(diagnose(`import type { NodesEvent } from './events/nodes';\nexport const event: NodesEvent = {"type":"NodeActivated","data":{${fields}}};`)).toHaveLength(1);
  });

  it('are each folded by a decider, or are named as observed', () => {
    const folded = new Set([...Object.values(deciders).flatMap(([, , folds]) => folds), ...undecided]);
    expect([...folded].sort()).toEqual(Object.keys(visibilities).sort());
  });

  it.each(Object.entries(deciders))('are folded into the state of %s', async (category, [file, name, folds]) => {
    const decider = await deciderOf(file, name);
    if (decider === undefined) throw new TypeError(`subgraphs/${file} exports no ${name}: correct the table above`);
    expect(decider.category).toBe(category);
    const events = folds.flatMap((type) => golden.filter(({ sample }) => sample.type === type).map(({ sample }) => newest(sample)));
    const fold = (): unknown => events.reduce((state, event) => {
      decider.evolve(decider.initial, event);
      return decider.evolve(state, event);
    }, decider.initial);
    expect(fold).not.toThrow();
    expect(events.length).toBeGreaterThanOrEqual(folds.length);
  });
});
