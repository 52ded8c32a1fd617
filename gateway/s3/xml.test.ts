import { parseXml } from './xml';

describe('documents', () => {
  it('may write characters as numbers, as clients in Go do with the quotes of every etag', () => {
    const parts = '<Part><ETag>&#34;a&#x22; &amp;#34; &quot;</ETag></Part>'.repeat(10_000);
    const { Part: found } = parseXml(Buffer.from(`<Parts>${parts}</Parts>`), 'Parts');
    expect(found).toHaveLength(10_000);
    expect((found as readonly unknown[]).at(-1)).toEqual({ ETag: '"a" &#34; "' });
  });
});
