import { checksumOfHeader, newDigest } from './checksums';

// The check values of the catalogue of parametrised CRC algorithms, and of FIPS 180-4, over the nine digits.
it.each([
  ['CRC32', 'cbf43926'], ['CRC32C', 'e3069283'], ['CRC64NVME', 'ae8b14860a799888'], ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('%s of "123456789", in two parts, is %s', (name, expected) => {
  const digest = newDigest(name);
  digest.update(Buffer.from('1234'));
  digest.update(Buffer.from('56789'));
  expect(Buffer.from(digest.base64(), 'base64').toString('hex')).toBe(expected);
});

it('knows its headers, and refuses a checksum that does not exist', () => {
  expect(['x-amz-checksum-crc64nvme', 'x-amz-checksum-mode', 'content-type'].map(checksumOfHeader)).toEqual(['CRC64NVME', null, null]);
  expect(() => checksumOfHeader('x-amz-checksum-md6')).toThrow('not implemented');
});
