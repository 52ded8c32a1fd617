import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { contentIdOf } from '@oort/kernel-content';
import { sha256Hex } from '@oort/kernel-wire';
import { runPreprocess } from './preprocess';

function image(width: number, height: number): PNG {
  const png = new PNG({ width, height });
  for (let index = 0; index < width * height; index += 1) png.data.set([index % 256, (index * 3) % 256, 7, 255], index * 4);
  return png;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** PNG (ISO 15948) annex D. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The text stands right behind the header, as cameras and editors put it. */
function withText(png: Buffer, text: string): Buffer {
  const header = 8 + 25;
  return Buffer.concat([png.subarray(0, header), chunk('tEXt', Buffer.from(`Comment\0${text}`)), png.subarray(header)]);
}

async function processed(bytes: Buffer, mediaType: string) {
  const stored: Buffer[] = [];
  const { output } = await runPreprocess({ contentId: contentIdOf(bytes), mediaType }, {
    fetchContent: () => Promise.resolve(bytes), storeContent: (made) => { stored.push(made); return Promise.resolve(contentIdOf(made)); },
    checkpoint: () => Promise.resolve(), resume: null, signal: new AbortController().signal, checkpointEveryMs: 1000,
  });
  return { output: output as { readonly sha256: string; readonly perceptualHash: string; readonly contentId: string }, png: stored[0] ?? Buffer.alloc(0) };
}

describe('pre-processing', () => {
  it('keeps the pixels and drops the rest', async () => {
    const plain = PNG.sync.write(image(12, 10));
    const tagged = withText(plain, '48.8584 N, 2.2945 E');
    expect(tagged.includes('48.8584')).toBe(true);
    const { output, png } = await processed(tagged, 'image/png');
    expect(png.includes('48.8584')).toBe(false);
    expect(PNG.sync.read(png).data.equals(image(12, 10).data)).toBe(true);
    expect(output).toMatchObject({ contentId: contentIdOf(png), sha256: sha256Hex(png), width: 12, height: 10, mediaType: 'image/png' });
    expect(output.perceptualHash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('finds the same item in another wrapping', async () => {
    const plain = PNG.sync.write(image(12, 10));
    const one = await processed(plain, 'image/png');
    const other = await processed(withText(plain, 'mine'), 'image/png');
    expect(other.output).toEqual(one.output);
  });

  it('reads JPEG', async () => {
    const { data } = encode({ width: 16, height: 8, data: image(16, 8).data }, 90);
    expect((await processed(Buffer.from(data), 'image/jpeg')).output).toMatchObject({ width: 16, height: 8 });
  });

  it.each([
    ['what is no image', Buffer.from('hello'), 'image/png', 'IMAGE_UNREADABLE'],
    ['a torn file', PNG.sync.write(image(12, 10)).subarray(0, 60), 'image/png', 'IMAGE_UNREADABLE'],
    ['another kind of media', Buffer.from('hello'), 'text/plain', 'CONTRIBUTION_UNREADABLE'],
    ['17 MiB', Buffer.alloc(17 * 1024 * 1024), 'image/png', 'CONTRIBUTION_UNREADABLE'],
  ])('refuses %s', async (_, bytes, mediaType, code) => {
    await expect(processed(bytes, mediaType)).rejects.toMatchObject({ code });
  });
});
