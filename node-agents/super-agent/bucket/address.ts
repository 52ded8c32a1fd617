import { BucketAddressInvalid } from './faults';

export interface BucketAddress {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  /** Null for AWS itself. */
  readonly endpoint: string | null;
  readonly region: string;
}

/** `s3://bucket/prefix?endpoint=https://host&region=name`. Throws BucketAddressInvalid. */
export function bucketAddress(text: string): BucketAddress {
  if (!URL.canParse(text)) throw new BucketAddressInvalid('it is no URL');
  const { protocol, hostname, pathname, searchParams, username } = new URL(text);
  if (protocol !== 's3:') throw new BucketAddressInvalid('it begins with s3://');
  if (username !== '') throw new BucketAddressInvalid('keys stand in the environment, never in the address');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(hostname)) throw new BucketAddressInvalid('the bucket has 3 to 63 of a-z, 0-9, dots and hyphens');
  const unknown = [...searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region');
  if (unknown !== undefined) throw new BucketAddressInvalid(`${unknown} is not known`);
  const endpoint = searchParams.get('endpoint');
  if (endpoint !== null && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol))) throw new BucketAddressInvalid('the endpoint is an http or https URL');
  const folder = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  return { bucket: hostname, prefix: folder === '' ? '' : `${folder}/`, endpoint, region: searchParams.get('region') ?? 'us-east-1' };
}
