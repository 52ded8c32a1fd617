// What a page does with the library: everything arrives over HTTP, and is verified and run in the browser.
import { OfflineModel, type OnnxRuntime, type SignedRelease } from './index';

declare const ort: OnnxRuntime & { readonly env: { readonly wasm: { wasmPaths: string; numThreads: number } } };
declare const document: { title: string };

interface Case { readonly signed: SignedRelease; readonly trustedKey: string; readonly input: readonly number[] }

async function main(): Promise<void> {
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = 1;
  const { signed, trustedKey, input } = await (await fetch('/case.json')).json() as Case;
  const model = new Uint8Array(await (await fetch('/model.onnx')).arrayBuffer());
  const offline = await OfflineModel.open({ runtime: ort, signed, model, trustedKey });
  const { label, scores } = await offline.infer(Float32Array.from(input));
  const forged = await OfflineModel.open({ runtime: ort, signed, model: model.slice(1), trustedKey }).then(() => 'opened', (error: { readonly code?: string }) => error.code);
  document.title = JSON.stringify({ label, scores: [...scores], forged });
}

main().catch((error: unknown) => { document.title = JSON.stringify({ error: String(error) }); });
