// What a step of the main job is given. Steps use public doors only: GraphQL, S3, JSON-RPC, and the agents' processes.
import type { JsonRpcProvider, Wallet } from 'ethers';

export interface Session {
  readonly wallet: Wallet;
  readonly accountId: string;
  readonly token: string;
}

export interface AgentProcess {
  readonly name: string;
  readonly kind: 'super' | 'archive' | 'edge';
  readonly nodeId: string;
  /** Its operator's wallet: one for each agent. */
  readonly operator: Wallet;
  readonly directory: string;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again on the same data and key, with these variables added to its environment. */
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
}

export interface Urls { readonly graphql: string; readonly graphqlWebSocket: string; readonly s3: string; readonly ingest: string; readonly chain: string }

export interface Image { readonly label: string; readonly name: string; readonly png: Buffer }

export interface LoopContext {
  readonly quick: boolean;
  readonly directory: string;
  readonly urls: Urls;
  readonly chain: JsonRpcProvider;
  /** Every 10th dev account of the local network holds OORT; 0 is the customer who pays for everything. */
  readonly customer: Session;
  readonly agents: ReadonlyMap<string, AgentProcess>;
  readonly images: { readonly train: readonly Image[]; readonly heldOut: readonly Image[]; readonly labels: readonly string[] };
  /** Throws GraphqlFailed when the answer carries errors; refusals come back as data. */
  graphql<T>(document: string, variables?: Readonly<Record<string, unknown>>, session?: Session): Promise<T>;
  /** A fresh wallet with some OORT from the faucet account, signed in. */
  person(name: string): Promise<Session>;
  /** Polls until the value is not null/undefined/false; throws with `what` after timeoutMs. */
  eventually<T>(what: string, probe: () => Promise<T | null | undefined | false>, timeoutMs?: number): Promise<T>;
  /** Prints what the step made. */
  made(label: string, value: string | number | bigint): void;
  /** Counted in the summary; a false one makes the loop exit non-zero. */
  check(what: string, holds: boolean, detail?: string): void;
  progress(text: string): void;
  /** What earlier steps leave to later ones. */
  readonly artifacts: Artifacts;
}

export interface Artifacts {
  missionId?: string;
  datasetId?: string;
  datasetVersionId?: string;
  datasetRoot?: string;
  manifestContentId?: string;
  contributors?: readonly Session[];
  spammer?: Session;
  bucket?: string;
  objectKeys?: readonly string[];
  trainingRunId?: string;
  /** What the customer alone has uploaded, to be measured by. */
  evaluationContentId?: string;
  modelId?: string;
  modelVersionId?: string;
  modelRoot?: string;
  modelContentId?: string;
  deploymentId?: string;
  predictionIds?: readonly string[];
  slashedNodeId?: string;
  caseId?: string;
  delegator?: Session;
}

export interface Step {
  readonly number: number;
  readonly title: string;
  run(context: LoopContext): Promise<void>;
}
