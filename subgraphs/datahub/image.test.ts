import { chunk, png } from './fixture-png';
import { checkImage } from './image';

/** The frame of a JPEG: enough of it to be told from a broken one. */
const jpeg = Buffer.from(
  'ffd8' +
    'ffe000104a46494600010100000100010000' +
    'ffc0000b080010002001011100' +
    'ffda0008010100003f00' +
    '1122' +
    'ffd9',
  'hex',
);

describe('checkImage', () => {
  const good = png(4, 3, Buffer.alloc(12, 9));

  it('reads type and size from the bytes', () => {
    expect(checkImage(good)).toEqual({ ok: true, mediaType: 'image/png', width: 4, height: 3 });
    expect(checkImage(jpeg)).toEqual({ ok: true, mediaType: 'image/jpeg', width: 32, height: 16 });
  });

  it.each([
    ['text', Buffer.from('hello'), 'neither PNG nor JPEG'],
    ['a cut PNG', good.subarray(0, good.length - 20), 'a chunk is cut off'],
    ['a PNG without its end', good.subarray(0, good.length - 12), 'the end is missing'],
    [
      'a PNG with a flipped byte',
      Buffer.from(good.map((byte, index) => (index === 45 ? byte ^ 1 : byte))),
      'a chunk has a wrong checksum',
    ],
    ['a PNG with too few pixels', png(4, 30, Buffer.alloc(12)), 'pixels are missing'],
    [
      'a PNG of a million by a million',
      Buffer.concat([
        good.subarray(0, 8),
        chunk('IHDR', Buffer.from('000f4240000f42400800000000', 'hex')),
        good.subarray(33),
      ]),
      'too many pixels',
    ],
    ['a cut JPEG', jpeg.subarray(0, jpeg.length - 2), 'the end is missing'],
    ['a JPEG without a frame', Buffer.from('ffd8ffda0008010100003f00ffd9', 'hex'), 'no frame'],
    ['half a JPEG segment', jpeg.subarray(0, 12), 'a segment is cut off'],
  ])('refuses %s', (_, bytes, reason) =>
    expect(checkImage(bytes)).toMatchObject({ ok: false, reason }),
  );
});
