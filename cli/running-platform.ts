// What a platform is to whoever starts it, whatever its topology.
export interface Addresses {
  readonly graphql: string;
  readonly graphqlWebSocket: string;
  readonly s3: string;
  readonly ingest: string;
  readonly chain: string;
}

export interface RunningPlatform { readonly addresses: Addresses; close(): Promise<void> }

export interface PlatformOptions {
  readonly directory: string;
  /** One line for people: what has started. */
  tell(line: string): void;
  /** Once, when a part of it ended by itself. */
  onEnd(reason: Error): void;
}
