import { ask } from './ask';
import type { LoopContext } from './step';

export async function missionState(
  context: LoopContext,
  id: string,
): Promise<{
  readonly status: string;
  readonly acceptedCount: number;
  readonly pendingCount: number;
  readonly labelling: { readonly judgementCount: number; readonly openCount: number };
}> {
  return ask(
    context,
    'query MissionState($input: ID!) { answer: mission(id: $input) { status acceptedCount pendingCount labelling { judgementCount openCount } } }',
    id,
  );
}
