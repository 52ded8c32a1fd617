// What is not HTTP, or ends before it should, is answered with S3's XML too. Nothing can follow on such a connection.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { S3Error } from './s3-error';
import { errorDocument } from './xml';

export function answerBrokenHttp(server: Server, newRequestId: () => string): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  const note = ({ socket }: IncomingMessage, response: ServerResponse): void => { responses.set(socket, response); };
  server.prependListener('request', note).prependListener('checkContinue', note).prependListener('checkExpectation', note);
  server.on('clientError', (error: Error & { readonly code?: string }, socket: Duplex) => {
    const response = responses.get(socket);
    // Half of another answer is out, or nobody is there to read one.
    if (!socket.writable || (response?.headersSent === true && !response.writableFinished)) return void socket.destroy(error);
    const { s3Code, message, status } = errorOfParser(error.code);
    const requestId = newRequestId();
    const body = errorDocument(s3Code, message, {}, response?.req.url?.split('?', 1)[0] ?? '/', requestId);
    socket.end(`HTTP/1.1 ${status} Bad Request\r\nx-amz-request-id: ${requestId}\r\ncontent-type: application/xml\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`, () => { socket.destroy(); });
  });
}

/** Codes of Node's HTTP parser. */
function errorOfParser(code = ''): S3Error {
  if (code === 'HPE_HEADER_OVERFLOW') return new S3Error('RequestHeaderSectionTooLarge', 'Your request header section exceeds the maximum allowed size.');
  if (code === 'HPE_INVALID_EOF_STATE') return new S3Error('IncompleteBody', 'The request ended before it was whole.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new S3Error('RequestTimeout', 'Your socket connection to the server was not read from or written to within the timeout period.');
  return new S3Error('BadRequest', 'An error occurred when parsing the HTTP request.');
}
