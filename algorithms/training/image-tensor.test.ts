import { encode as encodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { ImageUnreadable, imageTensor } from './image-tensor';

function grey(width: number, height: number, values: readonly number[]): PNG {
  const image = new PNG({ width, height });
  values.forEach((value, index) => { image.data.set([value, value, value, 255], index * 4); });
  return image;
}

describe('an image as the network sees it', () => {
  it('is luma from 0 to 1', () => {
    const tensor = imageTensor(PNG.sync.write(grey(2, 1, [0, 255])), 'image/png', [1, 1, 2]);
    expect([...tensor].map((value) => Number(value.toFixed(4)))).toEqual([0, 1]);
  });

  it('shrinks to the mean of what a pixel covers', () => {
    const tensor = imageTensor(PNG.sync.write(grey(4, 2, [0, 100, 200, 200, 0, 100, 200, 200])), 'image/png', [1, 1, 2]);
    expect([...tensor].map((value) => Math.round(value * 255))).toEqual([50, 200]);
  });

  it('has one plane a colour when the network wants three', () => {
    const image = new PNG({ width: 1, height: 1 });
    image.data.set([255, 0, 51, 255]);
    expect([...imageTensor(PNG.sync.write(image), 'image/png', [3, 1, 1])].map((value) => Number(value.toFixed(4)))).toEqual([1, 0, 0.2]);
  });

  it('is read from JPEG too', () => {
    const { data } = encodeJpeg({ width: 8, height: 8, data: Buffer.alloc(256, 255) }, 90);
    expect(Math.min(...imageTensor(data, 'image/jpeg', [1, 8, 8]))).toBeGreaterThan(0.98);
  });

  it.each([
    ['text', Buffer.from('hello'), 'image/png'],
    ['a cut PNG', PNG.sync.write(grey(2, 1, [0, 255])).subarray(0, 40), 'image/png'],
    ['sound', PNG.sync.write(grey(2, 1, [0, 255])), 'audio/wav'],
  ])('is refused when it is %s', (_, bytes, mediaType) => {
    expect(() => imageTensor(bytes, mediaType, [1, 1, 2])).toThrow(ImageUnreadable);
  });
});
