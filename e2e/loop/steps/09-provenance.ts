// From one prediction back to the images, their contributors and consents, with a proof that a stranger checks.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { LoopContext, Step } from '../step';

interface Lineage { readonly lineage: { readonly totalCount: number; readonly edges: readonly { readonly node: { readonly id: string; readonly kind: string } }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } } }
interface Proof { readonly lineageProof: { readonly __typename: string; readonly code?: string; readonly document?: string; readonly eventCount?: number; readonly root?: string; readonly txHash?: string } }

const lineageQuery = `query Lineage($id: ID!, $after: String) {
  lineage(id: $id, first: 500, after: $after) { totalCount edges { node { id kind } } pageInfo { hasNextPage endCursor } }
}`;
const proofQuery = `query Proof($id: ID!) {
  lineageProof(id: $id) { __typename ... on LineageProof { document eventCount root txHash } ... on Refusal { code } }
}`;
const flips = 12;
const cli = join(__dirname, '..', '..', '..', 'cli', 'main.ts');

export const step: Step = { number: 9, title: 'Provenance: from a prediction back to the people', run };

async function run(context: LoopContext): Promise<void> {
  const subject = context.artifacts.predictionIds?.[0] ?? '';
  const kinds = await lineageKinds(context, subject);
  for (const kind of ['model-version', 'training-run', 'dataset-version', 'item', 'annotation', 'contribution', 'consent', 'account']) {
    context.check(`the lineage of a prediction reaches its ${kind}`, (kinds.get(kind) ?? 0) > 0, `${kinds.get(kind) ?? 0}`);
  }
  const proof = await context.eventually('an anchored lineage proof', async () => {
    const { lineageProof } = await context.graphql<Proof>(proofQuery, { id: subject });
    return lineageProof.__typename === 'LineageProof' ? lineageProof : null;
  }, 30_000);
  context.made('lineage proof', `${proof.eventCount} events under root ${proof.root} in transaction ${proof.txHash}`);
  await verifyAsStranger(context, Buffer.from(proof.document ?? ''));
}

async function lineageKinds(context: LoopContext, id: string): Promise<ReadonlyMap<string, number>> {
  const kinds = new Map<string, number>();
  let after: string | null = null;
  do {
    const { lineage }: Lineage = await context.graphql<Lineage>(lineageQuery, { id, after });
    for (const { node } of lineage.edges) kinds.set(node.kind, (kinds.get(node.kind) ?? 0) + 1);
    after = lineage.pageInfo.hasNextPage ? lineage.pageInfo.endCursor : null;
  } while (after !== null);
  return kinds;
}

/** `oort verify` in a process of its own, which is given the proof, a chain RPC and the genesis hash, and nothing else. */
async function verifyAsStranger(context: LoopContext, document: Buffer): Promise<void> {
  const folder = join(context.directory, 'proof');
  mkdirSync(folder, { recursive: true });
  const genesisHash = String(await context.chain.send('olympus_genesisHash', []));
  const verify = (bytes: Buffer, rpc: string, genesis = genesisHash): Promise<boolean> => {
    const file = join(folder, 'proof.json');
    writeFileSync(file, bytes);
    return new Promise((resolve) => {
      execFile(process.execPath, ['--require', 'tsx/cjs', cli, 'verify', file, '--rpc', rpc, '--genesis', genesis],
        { env: { PATH: process.env['PATH'] }, timeout: 60_000 }, (error) => { resolve(error === null); });
    });
  };
  context.check('a stranger accepts the proof', await verify(document, context.urls.chain));
  context.check('a stranger refuses it under another genesis', !(await verify(document, context.urls.chain, `0x${'11'.repeat(32)}`)));
  let accepted = 0;
  for (let flip = 0; flip < (context.quick ? 3 : flips); flip += 1) {
    const changed = Buffer.from(document);
    const at = Math.floor((flip + 0.5) * (document.length / (context.quick ? 3 : flips)));
    changed[at] = (changed[at] ?? 0) ^ 1;
    accepted += (await verify(changed, context.urls.chain)) ? 1 : 0;
  }
  context.check('a stranger refuses it with a byte flipped', accepted === 0);
  const liar = await lyingRpc(context.urls.chain);
  try {
    context.check('a stranger refuses an RPC that lies', !(await verify(document, `http://127.0.0.1:${(liar.address() as AddressInfo).port}`)));
  } finally {
    liar.close();
  }
}

/** Passes every call on and changes one hex digit of every long value in the answers. */
function lyingRpc(truth: string): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => { chunks.push(chunk); });
    request.on('end', () => {
      fetch(truth, { method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.concat(chunks) })
        .then(async (answer) => {
          const text = (await answer.text()).replaceAll(/0x([0-9a-f]{63})([0-9a-f])/g, (_, most: string, last: string) => `0x${most}${last === '0' ? '1' : '0'}`);
          response.setHeader('content-type', 'application/json').end(text);
        })
        .catch(() => { response.writeHead(502).end(); });
    });
  });
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', () => { resolve(server); }); });
}
