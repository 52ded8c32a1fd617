// The messages of proto/ as they come off the wire: protobufjs names the member of a oneof that is present.
/** 64 bits, as protobufjs decodes them. */
export interface Long { readonly low: number; readonly high: number; toString(): string }

export interface Uuid {
  readonly value?: 'structured' | 'string';
  readonly structured?: { readonly mostSignificantBits: Long; readonly leastSignificantBits: Long };
  readonly string?: string;
}

export interface StreamIdentifier { readonly streamName: Uint8Array }

export interface Expression { readonly regex: string; readonly prefix: readonly string[] }

export interface ReadOptions {
  readonly stream?: {
    readonly streamIdentifier: StreamIdentifier;
    readonly revisionOption?: 'revision' | 'start' | 'end';
    readonly revision: Long;
  };
  readonly all?: {
    readonly allOption?: 'position' | 'start' | 'end';
    readonly position?: { readonly commitPosition: Long };
  };
  readonly readDirection: number;
  readonly resolveLinks: boolean;
  readonly countOption?: 'count' | 'subscription';
  readonly count: Long;
  readonly filterOption?: 'filter' | 'noFilter';
  readonly filter?: { readonly filter?: 'streamIdentifier' | 'eventType'; readonly streamIdentifier?: Expression; readonly eventType?: Expression };
  readonly uuidOption?: { readonly content?: 'structured' | 'string' };
}

export interface ReadReq { readonly options?: ReadOptions | null }

export interface AppendOptions {
  readonly streamIdentifier?: StreamIdentifier;
  readonly expectedStreamRevision?: 'revision' | 'noStream' | 'any' | 'streamExists';
  readonly revision: Long;
}

export interface Proposed {
  readonly id?: Uuid;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customMetadata: Uint8Array;
  readonly data: Uint8Array;
}

export interface AppendReq { readonly options?: AppendOptions; readonly proposedMessage?: Proposed }

export interface BatchAppendOptions {
  readonly streamIdentifier?: StreamIdentifier;
  readonly expectedStreamPosition?: 'streamPosition' | 'noStream' | 'any' | 'streamExists';
  readonly streamPosition: Long;
  readonly deadlineOption?: 'deadlineAt' | 'deadline';
  readonly deadlineAt?: { readonly seconds: Long; readonly nanos: number };
  readonly deadline?: { readonly seconds: Long; readonly nanos: number };
}

export interface BatchAppendReq {
  readonly correlationId?: Uuid;
  readonly options?: BatchAppendOptions;
  readonly proposedMessages: readonly Proposed[];
  readonly isFinal: boolean;
}

export interface DeleteReq { readonly options?: AppendOptions }

/** What is sent: any object that the named type encodes. */
export type Reply = Readonly<Record<string, unknown>>;
