import { Fault } from '@oort/kernel-wire';

/** The address of a bucket cannot be understood. */
export class BucketAddressInvalid extends Fault {
  constructor(why: string) {
    super('BUCKET_ADDRESS_INVALID', `a piece store reads like s3://bucket/prefix?endpoint=https://host&region=name: ${why}`, { why });
  }
}

/** A node deletes what its platform does not know, so two nodes must never share a place. */
export class BucketOfAnotherNode extends Fault {
  constructor(place: string) {
    super('BUCKET_OF_ANOTHER_NODE', `${place} holds the pieces of another node, or of this one with another directory; give another prefix`, { place });
  }
}

/** The provider did not answer, or refused, after all attempts. */
export class BucketUnavailable extends Fault {
  constructor(place: string, why: string) { super('BUCKET_UNAVAILABLE', `${place}: ${why}`, { place, why }); }
}
