// What a page does with the library: everything arrives over HTTP, and is verified and run in the browser. Then the page enrols as an
// edge node, installs what is deployed to it, answers, and reports.
import { EdgeNode, OfflineModel, type KeyValue, type OnnxRuntime, type SignedRelease } from './index';

declare const ort: OnnxRuntime & { readonly env: { readonly wasm: { wasmPaths: string; numThreads: number } } };
declare const document: { title: string };

interface Case { readonly signed: SignedRelease; readonly trustedKey: string; readonly input: readonly number[] }

function memory(): KeyValue {
  const kept = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(kept.get(key) ?? null), set: (key, value) => { kept.set(key, value); return Promise.resolve(); },
    delete: (key) => { kept.delete(key); return Promise.resolve(); }, keys: (prefix) => Promise.resolve([...kept.keys()].filter((key) => key.startsWith(prefix))),
  };
}

async function asEdgeNode(input: Float32Array): Promise<string | null> {
  const node = await EdgeNode.start({ runtime: ort, storage: memory(), platform: '', ingest: '', operator: '0x01', token: 'token_1' });
  await node.synchronise();
  const answer = await node.infer(input);
  await node.synchronise();
  return answer?.label ?? null;
}

async function main(): Promise<void> {
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = 1;
  const { signed, trustedKey, input } = await (await fetch('/case.json')).json() as Case;
  const model = new Uint8Array(await (await fetch('/model.onnx')).arrayBuffer());
  const offline = await OfflineModel.open({ runtime: ort, signed, model, trustedKey });
  const { label, scores } = await offline.infer(Float32Array.from(input));
  const forged = await OfflineModel.open({ runtime: ort, signed, model: model.slice(1), trustedKey }).then(() => 'opened', (error: { readonly code?: string }) => error.code);
  document.title = JSON.stringify({ label, scores: [...scores], forged, asNode: await asEdgeNode(Float32Array.from(input)) });
}

main().catch((error: unknown) => { document.title = JSON.stringify({ error: String(error) }); });
