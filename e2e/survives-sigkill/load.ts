// What goes on while the platform is killed: three kinds of writers, each of which remembers what was acknowledged to it.
import { randomBytes, randomUUID } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Wallet, parseEther, type JsonRpcProvider } from 'ethers';
import type { GraphqlClient } from '../loop/graphql-client';
import type { Session } from '../loop/step';

export interface Acknowledged {
  /** Transaction hash -> recipient, who was paid once and nobody else paid. */
  readonly transfers: Map<string, string>;
  readonly modelIds: Set<string>;
  /** Key -> bytes. */
  readonly objects: Map<string, Buffer>;
}

export interface Load {
  readonly acknowledged: Acknowledged;
  /** Resolves when the writers have stopped. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly graphql: GraphqlClient;
  readonly chain: JsonRpcProvider;
  readonly payer: Wallet;
  readonly customer: Session;
  readonly s3: S3Client;
  readonly bucket: string;
}

export const transferWei = parseEther('0.001');
const pauseMs = 20;

interface Created { readonly createModel: { readonly __typename: string; readonly id?: string } }

const createModel = `mutation Create($input: CreateModelInput!) {
  createModel(input: $input) { __typename ... on Model { id } ... on Refusal { code message } }
}`;
const architecture = {
  input: [1, 28, 28], labels: ['0', '1'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }],
};

export function startLoad(options: LoadOptions): Load {
  const acknowledged: Acknowledged = { transfers: new Map(), modelIds: new Set(), objects: new Map() };
  let running = true;
  // A write that fails while the platform is down was not acknowledged: the writer tries something new.
  const writer = async (write: () => Promise<void>): Promise<void> => {
    while (running) {
      await write().catch(() => undefined);
      await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
    }
  };
  const writers = [writer(() => transfer(options, acknowledged)), writer(() => design(options, acknowledged)), writer(() => put(options, acknowledged))];
  return {
    acknowledged,
    async stop() {
      running = false;
      await Promise.all(writers);
    },
  };
}

async function transfer({ chain, payer }: LoadOptions, { transfers }: Acknowledged): Promise<void> {
  const to = Wallet.createRandom().address;
  const raw = await payer.signTransaction({
    to, value: transferWei, nonce: await chain.getTransactionCount(payer.address, 'pending'), gasLimit: 21_000,
    gasPrice: (await chain.getFeeData()).gasPrice ?? 0n, chainId: (await chain.getNetwork()).chainId, type: 0,
  });
  transfers.set(String(await chain.send('eth_sendRawTransaction', [raw])), to);
}

async function design({ graphql, customer }: LoadOptions, { modelIds }: Acknowledged): Promise<void> {
  const answer = await graphql<Created>(createModel, { input: { name: randomUUID(), architecture, licence: 'CC0-1.0' } }, customer.token);
  if (answer.createModel.id !== undefined) modelIds.add(answer.createModel.id);
}

async function put({ s3, bucket }: LoadOptions, { objects }: Acknowledged): Promise<void> {
  const key = randomUUID();
  const bytes = randomBytes(1024 + Math.floor(Math.random() * 150 * 1024));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
  objects.set(key, bytes);
}

export async function objectIs(s3: S3Client, bucket: string, key: string, bytes: Buffer): Promise<boolean> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return bytes.equals(Buffer.from(await Body?.transformToByteArray() ?? []));
}
