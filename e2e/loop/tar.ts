// A tar archive (POSIX.1-1988 ustar) of small files, the same bytes for the same files: names of up to 100 bytes, times of zero.
const blockBytes = 512;

export interface TarFile { readonly name: string; readonly bytes: Buffer }

export function tarOf(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap(({ name, bytes }) => [headOf(name, bytes.length), bytes, Buffer.alloc((blockBytes - bytes.length % blockBytes) % blockBytes)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

function headOf(name: string, size: number): Buffer {
  const head = Buffer.alloc(blockBytes);
  head.write(name, 0, 100);
  head.write('0000644\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  head.write('00000000000\0', 136);
  head.write('        ', 148);
  head.write('0', 156);
  head.write('ustar\x0000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}
