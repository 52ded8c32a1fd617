// The agent's own backend: ONNX graphs and the platform's image decoding in the sandbox process, foreign programs behind the
// strongest wall that this machine can build. Without a wall no foreign program runs, and what the node offers says so.
import type { JobKind } from '@oort/schema/events/compute';
import { foreignBackend, isForeign } from './enclosure/backend';
import { strongestWall } from './enclosure/walls';
import type { ExecutionBackend } from './execution-backend';
import { openSandbox, type SandboxOptions } from './sandbox';

const ownKinds: readonly JobKind[] = ['inference', 'evaluation', 'training', 'preprocess'];

export function agentBackend(options: SandboxOptions): ExecutionBackend {
  const sandbox = openSandbox(options);
  const foreign = foreignBackend();
  return {
    wall: strongestWall(),
    kinds: [...new Set([...ownKinds, ...foreign.kinds])],
    run: (kind, spec, run) => (isForeign(kind, spec) ? foreign : sandbox).run(kind, spec, run),
    close() {
      sandbox.close();
      foreign.close();
    },
  };
}
