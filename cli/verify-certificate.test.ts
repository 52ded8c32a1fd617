import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateName, certificateStatement, commitPiece, receiptStatement } from '@oort/algorithms-possession';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { printed } from './fixture-command';
import { verifyCommand } from './verify';

const directory = mkdtempSync(join(tmpdir(), 'oort-certificate-'));
const file = join(directory, 'certificate.json');
const platform = newDeviceKey();
afterAll(() => { rmSync(directory, { recursive: true }); });

const said = (...commandLine: string[]): Promise<string> => printed(() => verifyCommand(commandLine));

test('an availability certificate is checked offline', async () => {
  const bytes = randomBytes(1040);
  const pieces = [0, 1, 2].map((index) => {
    const key = newDeviceKey();
    const receipt = { nodeId: `node_${index}`, pieceId: `piece_${index}`, ...commitPiece(bytes), sizeBytes: bytes.length };
    return { index, publicKey: key.publicKey, ...receipt, receipt: signWith(key, receiptStatement(receipt)) };
  });
  const object = {
    bucket: 'b', key: 'k', versionId: 'object_1', sizeBytes: 1024, etag: '', sha256: '', storedAt: '2026-01-01T00:00:00.000Z', certifiedAt: '2026-01-01T00:00:01.000Z',
    segments: [{ segmentId: 'segment_1', sizeBytes: 1040, k: 1, n: 4, stripeUnitBytes: 65_536, pieces }],
  };
  const signature = signWith(platform, certificateStatement(object, platform.publicKey));
  writeFileSync(file, JSON.stringify({ ...object, statement: certificateName, platformKey: platform.publicKey, signature }));
  expect(await said(file)).toMatch(/^holds: b\/k of 1024 bytes .* signed 3 receipts for 1 segments; any 2 of a segment's may be lost\nsigned by /);
  expect(await said(file, '--platform', platform.publicKey)).toMatch(/signed by the platform/);
  await expect(said(file, '--platform', newDeviceKey().publicKey)).rejects.toMatchObject({ code: 'OTHER_PLATFORM' });
});
