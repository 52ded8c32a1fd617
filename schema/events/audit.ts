import type { Json } from '@oort/kernel-wire';
import type { Visibilities } from './visibility';

export type AuditEvent =
  /** One Merkle root per batch over H(salt, task id, expected answer hash or zero, isPhantom) of every task, phantom or not. */
  | { readonly type: 'BatchCommitted'; readonly data: { readonly batchId: string; readonly officer: string; readonly root: string; readonly count: number } }
  | { readonly type: 'TaskCommitted'; readonly data: { readonly batchId: string; readonly taskId: string; readonly salt: string; readonly expectedHash: string | null; readonly isPhantom: boolean; readonly expected: string | null } }
  | { readonly type: 'BatchOpened'; readonly data: { readonly batchId: string; readonly openings: readonly { readonly taskId: string; readonly salt: string; readonly expectedHash: string | null; readonly isPhantom: boolean }[] } }
  | { readonly type: 'VerdictReached'; readonly data: {
      readonly caseId: string; readonly nodeId: string; readonly taskId: string; readonly work: 'inference' | 'training' | 'storage' | 'annotation' | 'liveness';
      readonly evidence: 'phantom' | 'replica' | 'proof'; readonly outcome: 'pass' | 'fail' | 'inconclusive'; readonly distance: number | null;
      /** Of the record of that work. */ readonly cusum: number; /** Over all its work. */ readonly trust: number; /** In that work alone. */ readonly workTrust?: number;
      /** Of its jobs. */ readonly auditRate: number;
      /** Whose phantom it was, where it was not the platform's. */ readonly officer?: string;
    } }
  | { readonly type: 'SlashProposed'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly operator: string; readonly basisPoints: number; readonly evidenceHash: string; readonly appealUntil: string; /** The officer whose phantom brought it: the finder's share is its. */ readonly finder?: string } }
  | { readonly type: 'SlashConfirmed'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly operator: string; readonly basisPoints: number; readonly evidenceHash: string } }
  /** Against the accusation before any jury, or against the verdict of the round before. Mirrored from the chain, as are the next three. */
  | { readonly type: 'CaseAppealed'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly round: number; readonly by: string; readonly bondWei: string } }
  | { readonly type: 'JuryDrawn'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly round: number; readonly seed: string; readonly jurors: readonly string[]; readonly commitUntil: string; readonly revealUntil: string } }
  | { readonly type: 'JurorVoted'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly round: number; readonly juror: string; readonly toSlash: boolean; readonly evidenceRoot: string } }
  /** The last word. No votes at all: no jury could be had, and the slash that needs none stands. */
  | { readonly type: 'JuryDecided'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly toSlash: number; readonly toDismiss: number; readonly votesHash: string; readonly upheld: boolean; /** What is slashed. */ readonly basisPoints: number } }
  /** Another deed of a node whose whole stake is accused already: it becomes a case of its own only if that one does not take everything. */
  | { readonly type: 'ConvictionHeld'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly operator: string; readonly evidenceHash: string; /** The case that comes first. */ readonly behind: string } }
  /** A case against it was dismissed, and no other stands: what it was suspended for is no reason any more. */
  | { readonly type: 'NodeCleared'; readonly data: { readonly caseId: string; readonly nodeId: string } }
  | { readonly type: 'SlashSettled'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly txHash: string; readonly amountWei: string } }
  /** Over all nodes, failures of phantoms and of replicas differ by more than chance explains: phantoms are recognised, or those
   *  who are compared with each other collude. */
  | { readonly type: 'LeakSuspected'; readonly data: { readonly monitorId: string; readonly leak: 'phantoms-recognised' | 'replicas-collude'; /** Standard deviations. */ readonly gap: number } }
  | { readonly type: 'LeakCleared'; readonly data: { readonly monitorId: string; readonly gap: number } }
  /** A drawn officer's phantom, without its answer: only that it was committed to on the chain before (OfficerCourt.leafOf). */
  | { readonly type: 'PhantomHandedIn'; readonly data: {
      readonly leaf: string; readonly officer: string; readonly period: string; readonly chainId: string; readonly court: string; readonly spec: Json;
      /** The end of the period: it is not sent afterwards. */ readonly until: string;
    } }
  /** Its answer was shown once a node had given its own. Where it is not what the referee computes, it says nothing of the node. */
  | { readonly type: 'PhantomOpened'; readonly data: {
      readonly leaf: string; readonly officer: string; readonly period: string; readonly taskId: string; readonly nodeId: string;
      /** SHA-256 of the spec's RFC 8785 form, and of the known answer's; hex. */ readonly task: string; readonly expectedHash: string; readonly salt: string;
      readonly holds: boolean;
    } }
  /** Results found wrong; compute refunds them. */
  | { readonly type: 'ResultsRefuted'; readonly data: { readonly caseId: string; readonly nodeId: string; readonly jobIds: readonly string[] } };

export const auditVisibility = {
  BatchCommitted: 'public', TaskCommitted: 'sealed', BatchOpened: 'public', VerdictReached: 'public', SlashProposed: 'public',
  SlashConfirmed: 'public', SlashSettled: 'public', CaseAppealed: 'public', JuryDrawn: 'public', JurorVoted: 'public', JuryDecided: 'public', ConvictionHeld: 'public', NodeCleared: 'public', ResultsRefuted: 'public', LeakSuspected: 'public', LeakCleared: 'public',
  PhantomHandedIn: 'sealed', PhantomOpened: 'public',
} as const satisfies Visibilities<AuditEvent>;
