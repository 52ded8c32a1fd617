// The story with an outage of seconds; `npm run telemetry-outage -- --minutes 10` has one of minutes.
import { whyNoKafka } from '@oort/kernel-telemetry/kafka-broker';
import { outage } from './story';

const why = whyNoKafka();
if (why !== null) process.stderr.write(`The story of the outage is skipped: ${why}.\n`);
const story = why === null ? test : test.skip;

story('the broker is away and agents are killed: nothing is lost, nothing counts twice', async () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { recorded, caughtUpMs: _, ...rest } = await outage({ outageMs: 6000, agents: 2, everyMs: 20, tell: () => undefined });
  write.mockRestore();
  expect(rest).toEqual({ lost: 0, doubled: 0, missing: 0, dropped: 0, epochs: 0, deadLetters: 0 });
  expect(recorded).toBeGreaterThan(50);
}, 180_000);
