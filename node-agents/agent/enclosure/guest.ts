// Inside the wall: runs one program that came as bytes. WebAssembly as a WASI preview 1 command that sees nothing but the job's
// folder, a script in QuickJS (itself WebAssembly) that sees nothing but the inputs it is handed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WASI } from 'node:wasi';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, newVariant, type QuickJSHandle } from 'quickjs-emscripten-core';
import { outOfMemoryStatus } from './limits';

interface Order {
  readonly language: 'wasm' | 'quickjs'; readonly program: string; readonly arguments: readonly string[];
  readonly inputs: readonly string[]; readonly memoryMb: number;
}

/** The part of the WebAssembly JavaScript API that is used; the repository's types know no browser. */
interface WebAssemblyApi {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => { readonly buffer: ArrayBufferLike };
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<object>;
}

const folder = '/job';
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

async function runWasm({ program, arguments: given }: Order): Promise<number> {
  const wasi = new WASI({ version: 'preview1', args: ['program', ...given], env: {}, preopens: { '/': folder }, returnOnExit: true });
  const module = await WebAssembly.compile(readFileSync(program));
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  return wasi.start(instance);
}

const pageBytes = 65_536;
/** Of the interpreter, as it was compiled. */
const initialPages = 256;

/** `main(inputs, arguments)` is given the inputs' texts by their paths and returns those of its outputs, also by their paths. */
async function runScript({ program, inputs, arguments: given, memoryMb }: Order): Promise<number> {
  // The interpreter's own limit counts nothing where malloc can't say how much it gave, as here.
  const maximum = Math.max(initialPages, Math.ceil((memoryMb * 1024 * 1024) / pageBytes));
  const wasmMemory = new WebAssembly.Memory({ initial: initialPages, maximum });
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory: wasmMemory as never }));
  const context = quickjs.newContext();
  const print = context.newFunction('print', (...said: QuickJSHandle[]) => { process.stdout.write(`${said.map((one) => String(context.dump(one))).join(' ')}\n`); });
  context.setProp(context.global, 'print', print);
  const texts = Object.fromEntries(inputs.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
  const call = `JSON.stringify(main(${JSON.stringify(texts)}, ${JSON.stringify(given)}) ?? {})`;
  const result = context.evalCode(`${readFileSync(program, 'utf8')}\n;${call}`, 'program.js');
  if (result.error !== undefined) {
    const error = context.dump(result.error) as { readonly name?: string; readonly message?: string } | null;
    process.stderr.write(`${error?.name ?? 'Error'}: ${error?.message ?? String(error)}\n`);
    // With no room left even for the error, there is none.
    const full = wasmMemory.buffer.byteLength > 0.9 * maximum * pageBytes;
    return error?.message === 'out of memory' || (error === null && full) ? outOfMemoryStatus : 1;
  }
  const written = JSON.parse(context.getString(result.value)) as Readonly<Record<string, string>>;
  for (const [path, text] of Object.entries(written)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return 0;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
(order.language === 'wasm' ? runWasm(order) : runScript(order)).then((status) => process.exit(status), (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
