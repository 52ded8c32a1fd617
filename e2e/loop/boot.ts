// Brings up the platform, the people who pay and the nodes, and hands the steps what they may use.
import { join } from 'node:path';
import { JsonRpcProvider, Wallet } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { startFleet } from './agents';
import { graphqlClient } from './graphql-client';
import type { Images } from './images';
import { createFaucet, devWallet, signIn } from './people';
import { startProcess } from './processes';
import type { Report } from './report';
import type { LoopContext, Session, Urls } from './step';

export class TimedOut extends Fault {}

interface Ready extends Urls { readonly ready: true }

const customerAccount = 0;
const pollMs = 100;
const startMs = 180_000;

export interface BootOptions { readonly directory: string; readonly quick: boolean; readonly images: Images; readonly report: Report; readonly ports: Readonly<Record<string, string>>; readonly topology?: string; readonly settings?: Readonly<Record<string, string>> }

export async function boot({ directory, quick, images, report, ports, topology = 'process', settings = {} }: BootOptions): Promise<LoopContext> {
  const platform = await startProcess<Ready>('platform', ['up', '--topology', topology, '--data', join(directory, 'platform'), '--json'], { ...ports, ...settings }, join(directory, 'logs', 'platform.log'), startMs);
  const { graphql: graphqlUrl, graphqlWebSocket, s3, ingest, chain: chainUrl } = platform.ready;
  const urls: Urls = { graphql: graphqlUrl, graphqlWebSocket, s3, ingest, chain: chainUrl };
  report.progress('the platform runs');
  const graphql = graphqlClient(urls.graphql);
  const chain = new JsonRpcProvider(urls.chain, undefined, { pollingInterval: pollMs, cacheTimeout: -1 });
  const faucet = createFaucet(chain);
  const customer = await signIn(devWallet(customerAccount, chain), graphql);
  const agents = await startFleet({ graphql, chain, customer, faucet, urls, directory });
  report.progress(`${agents.size} agents run`);
  return {
    quick, directory, urls, chain, customer, agents, images, artifacts: {},
    graphql: (document, variables, session) => graphql(document, variables, session?.token),
    person: async (): Promise<Session> => {
      const wallet = new Wallet(Wallet.createRandom().privateKey, chain);
      const [session] = await Promise.all([signIn(wallet, graphql), faucet.give([wallet.address])]);
      return session;
    },
    eventually,
    made: report.made, check: report.check, progress: report.progress,
  };
}

async function eventually<T>(what: string, probe: () => Promise<T | null | undefined | false>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new TimedOut('TIMED_OUT', `${what} did not come within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => { setTimeout(resolve, pollMs); });
  }
}
