// The read side as a process of its own: one worker runs all projections, each under its own lease. It opens what is sealed, so it
// also gives away the keys of what was revealed.
import { fileKeyStore } from '@oort/kernel-eventstore';
import { runProcess } from '@oort/kernel-process';
import { openFoundation } from '@oort/kernel-service';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openMetricsDoor } from '../metrics';
import { projections } from '../read-models';
import { runReveals } from '../reveals';

runProcess('projections', async (settings, stop) => {
  const revealedKeys = fileKeyStore(settings.directory('OORT_REVEALED_KEYS'));
  const foundation = await openFoundation({ name: 'projections', settings, projections, sealing: eventPrivacy, upcasters, stop });
  await foundation.readModels.start(stop.signal);
  await runReveals({ ...foundation, revealedKeys }, stop.signal);
  const metrics = await openMetricsDoor(settings.environment, foundation.readModels);
  return {
    told: metrics === null ? {} : { metricsUrl: metrics.url },
    async close() {
      await metrics?.close();
      await foundation.close();
    },
  };
});
