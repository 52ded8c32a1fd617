import { Fault } from '@oort/kernel-wire';

/** One copy of a cold segment that is not to be had: gone, other bytes than went in, or behind a service that does not answer. */
export class ArchiveCopyLost extends Fault {
  constructor(readonly backend: string, segmentId: string, readonly reason: 'missing' | 'corrupt' | 'unreachable' | 'not configured', detail: string) {
    super('ARCHIVE_COPY_LOST', `${backend} does not give ${segmentId} back: ${reason}: ${detail}`, { backend, segmentId, reason });
  }
}

/** No copy of it is to be had now. */
export class ArchiveUnreachable extends Fault {
  constructor(segmentId: string, copies: readonly ArchiveCopyLost[]) {
    super('ARCHIVE_UNREACHABLE', `no copy of ${segmentId} is to be had: ${copies.map(({ message }) => message).join('; ') || 'none was kept'}`, { segmentId, backends: copies.map(({ backend }) => backend) });
  }
}

/** A service outside did not do what its API says: it refused, answered something else, or did not answer in time. */
export class ArchiveServiceFailed extends Fault {
  constructor(readonly backend: string, readonly status: number | null, detail: string) {
    super('ARCHIVE_SERVICE_FAILED', `${backend}: ${status === null ? '' : `HTTP ${status}: `}${detail}`, { backend, status });
  }
}

/** The account at the service has nothing left to pay with. */
export class ArchiveUnpaid extends Fault {
  constructor(backend: string, detail: string) { super('ARCHIVE_UNPAID', `${backend} wants to be paid first: ${detail}`, { backend }); }
}

export class BadArchiveSetting extends Fault {
  constructor(name: string, why: string) { super('BAD_ARCHIVE_SETTING', `${name} ${why}`, { name }); }
}
