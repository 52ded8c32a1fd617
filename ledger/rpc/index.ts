// The chain's JSON-RPC: methods over what a node shows, batches and error codes, HTTP and WebSocket.
export type { RpcBackend } from './backend';
export { answer, answerText, createRequest } from './door';
export type { Request } from './door';
export { LedgerFault, rpcCodes } from './fault';
export { listen } from './server';
export type { RpcServer } from './server';
