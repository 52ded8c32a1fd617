import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type Json } from '@oort/kernel-wire';

export class TokenDoesNotCompile extends Fault {}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: { readonly 'Token.sol': { readonly Token: { readonly abi: Json; readonly evm: { readonly bytecode: { readonly object: string } } } } };
}
interface Solc { compile(input: string, callbacks: { import(path: string): { contents: string } }): string }

/** Throws TokenDoesNotCompile. Cost: some seconds. */
export function compileToken(): { readonly abi: Json; readonly bytecode: string } {
  const solc = require('solc') as Solc;
  const input = {
    language: 'Solidity',
    sources: { 'Token.sol': { content: readFileSync(join(__dirname, 'Token.sol'), 'utf8') } },
    settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: 'paris', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') }) })) as Output;
  const token = output.contracts?.['Token.sol'].Token;
  if (token === undefined) throw new TokenDoesNotCompile('TOKEN_DOES_NOT_COMPILE', (output.errors ?? []).map(({ formattedMessage }) => formattedMessage).join('\n'));
  return { abi: token.abi, bytecode: `0x${token.evm.bytecode.object}` };
}
