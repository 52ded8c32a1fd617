// A local Olympus network as a process of its own: four witnesses, and JSON-RPC in front.
import { runProcess, SettingRefused } from '@oort/kernel-process';
import { localGenesis, openNode } from '@oort/ledger-node';
import { localParameters } from '@oort/schema';

runProcess('chain', async (settings, stop) => {
  const platform = settings.file('OORT_CHAIN_ADDRESS_FILE');
  if (!/^0x[0-9a-fA-F]{40}$/.test(platform)) throw new SettingRefused('OORT_CHAIN_ADDRESS_FILE', 'holds no address');
  const [directory, port, host] = [settings.directory('OORT_DATA'), settings.port('OORT_PORT'), settings.optional('OORT_HOST') ?? '127.0.0.1'];
  const node = await openNode({
    directory, genesis: localGenesis(platform, localParameters),
    onHalt: (reason) => {
      process.stderr.write(`chain: it has halted: ${reason.message}\n`);
      process.exitCode = 1;
      stop.abort();
    },
  });
  const door = await node.listen({ port, host });
  return {
    told: { url: door.url },
    async close() {
      await door.close();
      await node.close();
    },
  };
});
