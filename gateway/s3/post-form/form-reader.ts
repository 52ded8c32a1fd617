// multipart/form-data (RFC 7578) as browsers send it, read as a stream: the fields before the file, then the file. What stands behind the
// file is not looked at, as Amazon S3 has it.
import { S3Error } from '../s3-error';

export interface UploadForm {
  /** By name in lower case, `${filename}` filled in. */
  readonly fields: ReadonlyMap<string, string>;
  /** Ends with the body; rejects with S3Error MalformedPOSTRequest when that ends before the boundary, and as the body does when it is cut. */
  readonly file: AsyncGenerator<Buffer>;
}

/** Amazon S3 allows 20 KB before the file. */
const mostBeforeFile = 20_480;

/** Throws S3Error. */
export async function readForm(contentType: string, body: AsyncIterable<Buffer>): Promise<UploadForm> {
  const boundary = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType);
  if (boundary === null) throw new S3Error('RequestIsNotMultiPartContent', 'Bucket POST must be of the enclosure-type multipart/form-data.');
  const delimiter = Buffer.from(`\r\n--${boundary[1] ?? boundary[2] ?? ''}`);
  // The first boundary stands at the start of the body, without the line before it.
  const bytes = new Bytes(body, Buffer.from('\r\n'));
  await bytes.until(delimiter, mostBeforeFile);
  const fields = new Map<string, string>();
  for (;;) {
    const end = (await bytes.until(Buffer.from('\r\n'), mostBeforeFile)).toString();
    if (end.startsWith('--')) throw new S3Error('IncorrectNumberOfFilesInPostRequest', 'POST requires exactly one file upload per request.');
    const { name, fileName } = partOf((await headersOf(bytes)).toString());
    if (name === 'file') {
      return { fields: filledIn(fields, fileName ?? ''), file: bytes.streamUntil(delimiter) };
    }
    fields.set(name, (await bytes.until(delimiter, mostBeforeFile)).toString());
  }
}

/** Lines up to an empty one. */
async function headersOf(bytes: Bytes): Promise<Buffer> {
  const lines: Buffer[] = [];
  for (;;) {
    const line = await bytes.until(Buffer.from('\r\n'), mostBeforeFile);
    if (line.length === 0) return Buffer.concat(lines);
    lines.push(line, Buffer.from('\n'));
  }
}

function partOf(headers: string): { readonly name: string; readonly fileName: string | null } {
  const disposition = /^content-disposition:\s*form-data(;.*)$/im.exec(headers)?.[1] ?? '';
  const name = parameter(disposition, 'name');
  if (name === null || name === '') throw malformedForm();
  return { name: name.toLowerCase(), fileName: parameter(disposition, 'filename') };
}

/** Browsers write a quote as %22 (HTML, "multipart form data"), other clients behind a backslash. */
function parameter(disposition: string, name: string): string | null {
  const [, quoted, plain] = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(disposition) ?? [];
  return plain ?? quoted?.replace(/\\(["\\])/g, '$1').replace(/%22/g, '"') ?? null;
}

function filledIn(fields: ReadonlyMap<string, string>, fileName: string): ReadonlyMap<string, string> {
  const last = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  return new Map([...fields].map(([name, value]) => [name, name === 'policy' ? value : value.replaceAll('${filename}', () => last)]));
}

class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  #before = 0;

  constructor(source: AsyncIterable<Buffer>, private held: Buffer) { this.#source = source[Symbol.asyncIterator](); }

  /** What stands before the delimiter, which is gone over. All calls together may take `most`. */
  async until(delimiter: Buffer, most: number): Promise<Buffer> {
    let at = this.held.indexOf(delimiter);
    while (at === -1) {
      if (this.#before + this.held.length > most) throw tooMuch();
      await this.#more();
      at = this.held.indexOf(delimiter);
    }
    const found = this.held.subarray(0, at);
    this.held = this.held.subarray(at + delimiter.length);
    this.#before += at + delimiter.length;
    if (this.#before > most) throw tooMuch();
    return found;
  }

  async *streamUntil(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.held.indexOf(delimiter);
      // The delimiter may have begun in the last bytes.
      const sure = at === -1 ? Math.max(0, this.held.length - delimiter.length + 1) : at;
      if (sure > 0) yield this.held.subarray(0, sure);
      if (at !== -1) return this.#passOver();
      this.held = this.held.subarray(sure);
      await this.#more();
    }
  }

  /** What is cut behind the file was not sent as a whole. */
  async #passOver(): Promise<void> {
    this.held = Buffer.alloc(0);
    while ((await this.#source.next()).done !== true) { /* nobody looks at it */ }
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw malformedForm();
    this.held = this.held.length === 0 ? next.value : Buffer.concat([this.held, next.value]);
  }
}

function tooMuch(): S3Error {
  return new S3Error('MaxPostPreDataLengthExceeded', 'Your POST request fields preceding the upload file were too large.');
}

function malformedForm(): S3Error {
  return new S3Error('MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.');
}
