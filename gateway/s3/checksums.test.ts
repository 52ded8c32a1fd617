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

// Eight bytes are taken at once. RFC 3720, appendix B.4; NVM Express command set specification 1.0, section 5.2.1.3.5.
it.each([
  ['CRC32C', Buffer.alloc(32), '8a9136aa'], ['CRC32C', Buffer.alloc(32, 0xff), '62a8ab43'], ['CRC32C', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), '46dd794e'],
  ['CRC64NVME', Buffer.alloc(4096), '6482d367eb22b64e'], ['CRC64NVME', Buffer.alloc(4096, 0xff), 'c0ddba7302eca3ac'],
] as const)('%s of a longer body is the published one, wherever it is cut', (name, body, expected) => {
  for (let cut = 0; cut <= 17; cut += 1) {
    const digest = newDigest(name);
    digest.update(body.subarray(0, cut));
    digest.update(body.subarray(cut));
    expect(Buffer.from(digest.base64(), 'base64').toString('hex')).toBe(expected);
  }
});

it('knows its headers, and refuses a checksum that does not exist', () => {
  expect(['x-amz-checksum-crc64nvme', 'x-amz-checksum-mode', 'content-type'].map(checksumOfHeader)).toEqual(['CRC64NVME', null, null]);
  expect(() => checksumOfHeader('x-amz-checksum-md6')).toThrow('not implemented');
});
