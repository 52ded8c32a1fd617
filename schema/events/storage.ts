import type { Visibilities } from './visibility';

/** One stored piece: a shard of a segment, or a full replica of a small one. */
export type PiecePlacement = {
  readonly index: number;
  readonly nodeId: string;
  readonly pieceId: string;
  /** SHA-256 Merkle root over the stored bytes, leaves of 1 KiB, hex. */
  readonly root: string;
  readonly leaves: number;
  /** The node's Ed25519 signature over the receipt, hex. */
  readonly receipt: string;
};

/** Where a small segment lies among others, in a pack: the platform's own coded segment of that id (docs/adr/0023). */
export type PackedPlace = { readonly packId: string; /** Which entry of the pack's index is its own. */ readonly ordinal: number; /** Of its first byte in the pack. */ readonly offset: number };

export type SegmentPlacement = {
  readonly segmentId: string;
  /** Of the encrypted bytes, which is what is coded. */
  readonly sizeBytes: number;
  /** k = 1 means full replicas. */
  readonly k: number;
  readonly n: number;
  readonly stripeUnitBytes: number;
  readonly pieces: readonly PiecePlacement[];
  /** The newest first. The others, and `pieces`, are where it lies if that one is not there. */
  readonly packed?: readonly PackedPlace[];
};

/** A copy of a cold segment outside this platform. */
export type ColdDeposit = {
  readonly backend: string;
  /** Where it is had back, a URL. */
  readonly at: string;
  /** A piece CID at Filecoin, the id of a data item on Arweave. */
  readonly locator: string;
  /** At Filecoin: the data set that is proven on chain, and the piece's number in it. */
  readonly dataSet?: string;
  readonly piece?: string;
};

/** A cold segment as it lies in the archive. */
export type ColdCar = {
  readonly segmentId: string;
  /** CID of its root, from which every byte follows. */
  readonly root: string;
  readonly sizeBytes: number;
  /** Filecoin's commitment to it (FRC-0069, version 2). */
  readonly pieceCid: string;
  readonly deposits: readonly ColdDeposit[];
};

export type ColdPath = { readonly index: number; /** Hashes, hex. */ readonly path: readonly string[] };

/** All pieces of an archive as one, with the proof that each is in it (FRC-0058). */
export type ColdAggregate = {
  readonly pieceCid: string;
  readonly proofs: readonly { readonly segmentId: string; readonly tree: ColdPath; readonly index: ColdPath }[];
};

/** What an edge cache signed of a piece. */
export type EdgeStatement = { readonly root: string; readonly leaves: number; readonly sizeBytes: number; /** Ed25519 over the receipt, hex. */ readonly signature: string };

export type BucketSetting = 'tagging' | 'cors' | 'policy' | 'acl' | 'ownership' | 'publicAccess' | 'objectLock' | 'lifecycle' | 'quota' | 'notification' | 'encryption';

/** Until when a version cannot be deleted: by nobody, or by nobody who does not say that he means it. */
export type Retention = { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; /** ISO 8601, UTC. */ readonly until: string };

/** What keeps a version: a time, a hold without one, or both. */
export type ObjectLock = { readonly retention?: Retention; readonly legalHold?: boolean };

export type AclPermission = 'FULL_CONTROL' | 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP';
export type AclGroup = 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery';

/** What an object's key is wrapped with besides its account's key: a key that only the customer has, or one of a keyring, in the version that
 *  it had. `context` is base64 of a JSON object of strings and part of the key; `bucketKey` was asked for and changes nothing. */
export type ObjectEncryption =
  | { readonly kind: 'customer' }
  | { readonly kind: 'kms'; readonly ownerId: string; readonly keyId: string; readonly keyVersion: number; readonly context?: string; readonly bucketKey?: boolean };

export type StoredPart = { readonly partNumber: number; readonly sizeBytes: number; readonly checksums: Readonly<Record<string, string>> };

/** Who owns an object or bucket, and what it grants to whom. */
export type Acl = {
  readonly owner: string;
  readonly grants: readonly { readonly grantee: { readonly accountId: string } | { readonly group: AclGroup }; readonly permission: AclPermission }[];
};

export type StorageEvent =
  | { readonly type: 'BucketCreated'; readonly data: { readonly bucket: string; readonly accountId: string; /** That it was created with. */ readonly settings?: Readonly<Partial<Record<BucketSetting, string>>> } }
  | { readonly type: 'BucketDeleted'; readonly data: { readonly bucket: string; readonly accountId: string } }
  | { readonly type: 'BucketVersioningSet'; readonly data: { readonly bucket: string; readonly accountId: string; readonly status: 'enabled' | 'suspended' } }
  /** A setting that S3 keeps as a document; here its canonical JSON, or null when it was taken away. */
  | { readonly type: 'BucketSettingSet'; readonly data: { readonly bucket: string; readonly accountId: string; readonly setting: BucketSetting; readonly document: string | null } }
  | { readonly type: 'ObjectStored'; readonly data: {
      readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string;
      readonly sizeBytes: number; readonly etag: string; readonly sha256: string; readonly contentId: string; readonly contentType: string;
      readonly storageClass: 'STANDARD' | 'EDGE' | 'ARCHIVE'; readonly wrappedKey: string;
      readonly userMetadata: Readonly<Record<string, string>>; readonly checksums: Readonly<Record<string, string>>;
      readonly segments: readonly SegmentPlacement[];
      /** Kept beside the versions before it under its own id; else it takes the place of the key's version `null`. */
      readonly named?: boolean;
      readonly tags?: Readonly<Record<string, string>>;
      /** Without one the object is its bucket's owner's and grants nothing. */
      readonly acl?: Acl;
      readonly lock?: ObjectLock;
      /** Of a multipart upload, in their order. */
      readonly parts?: readonly StoredPart[];
      /** How it came, where not by a plain put. */
      readonly way?: 'Copy' | 'Post';
      /** Absent: the account's key alone wraps it. With another, `etag` and `sha256` are keyed and there is no content id. */
      readonly encryption?: ObjectEncryption;
    } }
  /** The key shows no object from here on; unnamed, the marker takes the place of the version `null`. */
  | { readonly type: 'DeleteMarkerPlaced'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly named: boolean } }
  | { readonly type: 'ObjectTagged'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly tags: Readonly<Record<string, string>> } }
  | { readonly type: 'ObjectAclSet'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly acl: Acl } }
  /** Null: it is not retained any more, which only governance allows. `bypassed` tells that it was governance that was passed by. */
  | { readonly type: 'ObjectRetentionSet'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly retention: Retention | null; readonly bypassed: boolean } }
  | { readonly type: 'ObjectLegalHoldSet'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly legalHold: boolean } }
  /** One version, or one delete marker, for good. */
  | { readonly type: 'ObjectDeleted'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string } }
  | { readonly type: 'PieceAdded'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly segmentId: string; readonly piece: PiecePlacement } }
  | { readonly type: 'PieceLost'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly segmentId: string; readonly index: number; readonly nodeId: string; readonly reason: string } }
  /** The segment's bytes lie in a pack too. `from` is the pack that it leaves, null when it leaves replicas; they count until the pack is sealed. */
  | { readonly type: 'SegmentPacked'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly segmentId: string; readonly packId: string; readonly ordinal: number; readonly offset: number; readonly from: string | null } }
  /** All that was to go into the pack refers to it: from here on that is where it lies, and what it lay on before may go. */
  | { readonly type: 'PackSealed'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly segments: number; readonly sizeBytes: number } }
  | { readonly type: 'ObjectArchived'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly archiveId: string; readonly backend: string; readonly contentRoot: string; readonly sizeBytes: number; /** Where the cold copies lie. */ readonly segments: readonly SegmentPlacement[]; readonly cars?: readonly ColdCar[]; /** Of two segments and more. */ readonly aggregate?: ColdAggregate } }
  | { readonly type: 'ObjectRestored'; readonly data: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly accountId: string; readonly archiveId: string; readonly contentRoot: string; readonly segments: readonly SegmentPlacement[]; /** ISO 8601: the archive's copy stays, in effect, and the object goes back then. */ readonly until?: string } }
  /** A multipart upload; a part's segments become the object's, so that completing moves no data. */
  | { readonly type: 'UploadStarted'; readonly data: { readonly uploadId: string; readonly bucket: string; readonly key: string; readonly accountId: string; readonly contentType: string; readonly wrappedKey: string; readonly userMetadata: Readonly<Record<string, string>>; readonly checksumAlgorithm: string | null; readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT'; readonly tags?: Readonly<Record<string, string>>; readonly acl?: Acl; readonly lock?: ObjectLock; readonly encryption?: ObjectEncryption; /** Who began it, where that is not the account whose bucket it is. */ readonly initiator?: string } }
  | { readonly type: 'PartStored'; readonly data: { readonly uploadId: string; readonly partNumber: number; readonly sizeBytes: number; readonly etag: string; readonly sha256: string; readonly checksums: Readonly<Record<string, string>>; readonly segments: readonly SegmentPlacement[] } }
  | { readonly type: 'UploadCompleted'; readonly data: { readonly uploadId: string; readonly bucket: string; readonly key: string; readonly versionId: string } }
  | { readonly type: 'UploadAborted'; readonly data: { readonly uploadId: string; readonly bucket: string; readonly key: string } }
  /** Of an account's keyring; the key's bytes are in the key store alone. */
  | { readonly type: 'EncryptionKeyCreated'; readonly data: { readonly accountId: string; readonly keyId: string; readonly description: string } }
  /** Null: no key has the alias any more. */
  | { readonly type: 'EncryptionKeyAliasSet'; readonly data: { readonly accountId: string; readonly alias: string; readonly keyId: string | null } }
  | { readonly type: 'EncryptionKeyEnabledSet'; readonly data: { readonly accountId: string; readonly keyId: string; readonly enabled: boolean } }
  | { readonly type: 'EncryptionKeyRotated'; readonly data: { readonly accountId: string; readonly keyId: string; /** Of the bytes that wrap from here on. */ readonly version: number } }
  | { readonly type: 'EncryptionKeyGrantSet'; readonly data: { readonly accountId: string; readonly keyId: string; readonly grantee: string; readonly granted: boolean } }
  /** From here on it encrypts and decrypts nothing; its bytes are destroyed at that moment (ISO 8601). */
  | { readonly type: 'EncryptionKeyDeletionScheduled'; readonly data: { readonly accountId: string; readonly keyId: string; readonly deleteAt: string } }
  | { readonly type: 'EncryptionKeyDeletionCancelled'; readonly data: { readonly accountId: string; readonly keyId: string } }
  /** What it wrapped is unreadable for good. */
  | { readonly type: 'EncryptionKeyDeleted'; readonly data: { readonly accountId: string; readonly keyId: string } }
  /** An account or node gave the platform these bytes: whoever had them may have them again. */
  | { readonly type: 'ContentHandedIn'; readonly data: { readonly contentId: string; readonly by: string } }
  /** What a node said and signed that it has: the root of the Merkle sum tree over its pieces, fixed before it could know the challenge. */
  | { readonly type: 'InventoryCommitted'; readonly data: { readonly nodeId: string; readonly root: string; readonly leaves: number; readonly pieces: number; readonly madeAt: string; readonly signature: string; /** By a key that a pool enlisted with LeafCourt, so that anybody may dispute a leaf there. `madeAt` in seconds. */ readonly court?: { readonly pool: string; readonly node: string; readonly madeAt: number; readonly signature: string } } }
  /** Leaves of an inventory that a later block's hash drew, and whether the node had them. `failed` names what it could not show and should have. */
  | { readonly type: 'PossessionAudited'; readonly data: { readonly nodeId: string; readonly root: string; readonly beacon: string; readonly blockNumber: number; readonly draws: number; readonly proven: number; readonly failed: readonly { readonly index: number; readonly pieceId: string | null; readonly reason: string }[]; /** The first of them, as it is disputed before LeafCourt. Absent where nothing failed, and for nodes that sign nothing for the chain. */ readonly dispute?: { readonly pool: string; readonly node: string; readonly root: string; readonly leaves: number; readonly madeAt: number; readonly signature: string; readonly index: number } } }
  /** An edge cache gave bytes that do not open. `taken` is what it signed when it took the piece, `given` what it signed now: two roots under
   *  one name. Null where the door does not have that signature. */
  | { readonly type: 'EdgeAnswerRefuted'; readonly data: { readonly nodeId: string; readonly segmentId: string; readonly pieceId: string; readonly taken: EdgeStatement | null; readonly given: EdgeStatement | null } }
  /** Bytes that nodes served or took, settled by signed orders; feeds billing and rewards. */
  | { readonly type: 'BandwidthSettled'; readonly data: { readonly accountId: string; readonly nodeId: string; readonly direction: 'in' | 'out'; readonly bytes: number; readonly orderRoot: string; /** Ed25519, hex, over the same: the node carried these orders out. Absent when it could not be asked. */ readonly nodeSignature?: string } };

export const storageVisibility = {
  BucketCreated: 'tenant', BucketDeleted: 'tenant', BucketVersioningSet: 'tenant', BucketSettingSet: 'tenant', ObjectStored: 'tenant', DeleteMarkerPlaced: 'tenant', ObjectTagged: 'tenant', ObjectAclSet: 'tenant', ObjectRetentionSet: 'tenant', ObjectLegalHoldSet: 'tenant',
  ObjectDeleted: 'tenant', PieceAdded: 'tenant', PieceLost: 'tenant', SegmentPacked: 'tenant', PackSealed: 'tenant',
  ObjectArchived: 'tenant', ObjectRestored: 'tenant',
  UploadStarted: 'tenant', PartStored: 'tenant', UploadCompleted: 'tenant', UploadAborted: 'tenant', ContentHandedIn: 'tenant',
  EncryptionKeyCreated: 'tenant', EncryptionKeyAliasSet: 'tenant', EncryptionKeyEnabledSet: 'tenant', EncryptionKeyRotated: 'tenant', EncryptionKeyGrantSet: 'tenant', EncryptionKeyDeletionScheduled: 'tenant',
  EncryptionKeyDeletionCancelled: 'tenant', EncryptionKeyDeleted: 'tenant',
  InventoryCommitted: 'public', PossessionAudited: 'public', EdgeAnswerRefuted: 'public', BandwidthSettled: 'tenant',
} as const satisfies Visibilities<StorageEvent>;
