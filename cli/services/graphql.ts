// The GraphQL door as a process of its own: who asks is proven here, and vouched for to the subgraphs.
import { join } from 'node:path';
import { openDoor, serveSources, sourcesOver } from '@oort/gateway-graphql';
import { runProcess, SettingRefused, type Settings } from '@oort/kernel-process';
import { openFoundation } from '@oort/kernel-service';
import { nodesProjection } from '@oort/projections-nodes';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openForgotten } from '@oort/subgraphs-accounts';
import { credentialsOver } from '../credentials';
import { composedSupergraph, subgraphNames } from '../supergraph';

runProcess('graphql', async (settings, stop) => {
  const subgraphs = subgraphsOf(settings);
  const gatewayKey = settings.deviceKey('OORT_GATEWAY_KEY_FILE');
  const sessionKey = settings.publicKey('OORT_SESSION_PUBLIC_KEY_FILE');
  const [port, host] = [settings.port('OORT_PORT'), settings.optional('OORT_HOST') ?? '127.0.0.1'];
  const cacheDirectory = join(settings.directory('OORT_DATA'), 'cache');
  const foundation = await openFoundation({ name: 'graphql', settings, projections: [nodesProjection], sealing: eventPrivacy, upcasters, stop });
  const log = (line: string): void => { process.stderr.write(line); };
  const forgotten = await openForgotten(foundation.store, stop.signal);
  const supergraph = await serveSources(composedSupergraph(), sourcesOver(subgraphs, gatewayKey, log));
  const door = await openDoor({ port, host, supergraph, credentials: credentialsOver({ sessionKey, readModels: foundation.readModels, forgotten }), cacheDirectory });
  return {
    told: { url: door.url },
    async close() {
      await door.close();
      await supergraph.stop();
      await foundation.close();
    },
  };
});

/** `nodes=http://...,storage=http://...`: all of them, since the graph is composed of all. */
function subgraphsOf(settings: Settings): readonly { readonly name: string; readonly url: string }[] {
  const name = 'OORT_SUBGRAPHS';
  const named = new Map(settings.text(name).split(',').map((pair) => {
    const [, subgraph = '', url = ''] = /^\s*([a-z]+)=(https?:\/\/\S+?)\s*$/.exec(pair) ?? [];
    if (!URL.canParse(url)) throw new SettingRefused(name, `reads like nodes=http://127.0.0.1:4001,..., not "${pair}"`);
    return [subgraph, url] as const;
  }));
  return subgraphNames().map((subgraph) => {
    const url = named.get(subgraph);
    if (url === undefined) throw new SettingRefused(name, `says nothing of ${subgraph}`);
    return { name: subgraph, url };
  });
}
