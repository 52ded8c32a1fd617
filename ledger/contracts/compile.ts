// Compiles the contracts with settings that never vary, so that anybody gets the same bytes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type Json } from '@oort/kernel-wire';

export interface CompiledContract { readonly abi: Json; readonly initCode: string }
export interface Artifact { readonly compiler: string; readonly settings: Json; readonly contracts: Readonly<Record<string, CompiledContract>> }

export class ContractsDoNotCompile extends Fault {
  constructor(messages: readonly string[]) { super('CONTRACTS_DO_NOT_COMPILE', messages.join('\n'), [...messages]); }
}

const folder = join(__dirname, 'solidity');

/** No metadata hash and no CBOR tail: bytes depend on the sources only. `paris` runs on every network of Olympus's kind (no PUSH0). */
const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'paris',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string; readonly sourceLocation?: { readonly file: string } }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, { readonly abi: Json; readonly evm: { readonly bytecode: { readonly object: string } } }>>>>;
}

interface Solc {
  version(): string;
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string;
}

/** Throws ContractsDoNotCompile on errors, and on warnings about our own sources too. Cost: some seconds. */
export function compileContracts(): Artifact {
  const solc = loadSolc();
  const files = readdirSync(folder).filter((file) => file.endsWith('.sol')).sort();
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map((file) => [file, { content: readFileSync(join(folder, file), 'utf8') }])),
    settings,
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: fromPackages })) as SolcOutput;
  const faults = (output.errors ?? []).filter(({ severity, sourceLocation }) => severity === 'error' || !(sourceLocation?.file ?? '').startsWith('@'));
  if (faults.length > 0) throw new ContractsDoNotCompile(faults.map(({ formattedMessage }) => formattedMessage));
  const contracts = files.flatMap((file) => Object.entries(output.contracts[file] ?? {}))
    .filter(([, { evm }]) => evm.bytecode.object !== '')
    .map(([name, { abi, evm }]) => [name, { abi, initCode: `0x${evm.bytecode.object}` }] as const);
  return { compiler: solc.version(), settings, contracts: Object.fromEntries(contracts) };
}

function fromPackages(path: string): { contents: string } | { error: string } {
  try {
    return { contents: readFileSync(require.resolve(path), 'utf8') };
  } catch {
    return { error: `no such source: ${path}` };
  }
}

/** Only this file needs the compiler; it is a development dependency and is loaded when asked for. */
function loadSolc(): Solc {
  return require('solc') as Solc;
}
