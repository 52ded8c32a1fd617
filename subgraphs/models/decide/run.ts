import { readHyperParameters, stopsEarly } from '@oort/algorithms-training';
import type { Decider, Decision } from '@oort/kernel-decider';
import type { RunCommand } from '../commands';
import { evolveRun, type RunEvent } from '../evolve';
import type { RunRefusal } from '../refusals';
import { unknown, type RunState } from '../state';

export const runDecider: Decider<RunCommand, RunState, RunEvent, RunRefusal> = {
  category: 'trainingrun', initial: unknown, decide, evolve: evolveRun,
};

type Running = Extract<RunState, { readonly status: 'running' }>;

/** Whether its last rounds brought so little that its own rule ends it. */
export function isAtRest({ run, rounds }: Running): boolean {
  return stopsEarly(rounds.map(({ metrics }) => metrics), readHyperParameters(run.hyperParameters));
}

function decide(command: RunCommand, state: RunState): Decision<RunEvent, RunRefusal> {
  const { runId } = command.data;
  if (command.type === 'StartTrainingRun') {
    if (state.status !== 'unknown') return { refused: { code: 'RUN_EXISTS', message: 'There is a run with this id.', payload: { id: runId } } };
    return { events: [{ type: 'TrainingRunStarted', data: command.data }] };
  }
  if (state.status === 'unknown') return { refused: { code: 'UNKNOWN_RUN', message: 'There is no such run.', payload: { id: runId } } };
  if (state.status !== 'running') return { refused: { code: 'RUN_ENDED', message: 'The run has ended.', payload: { id: runId } } };
  const completed = state.rounds.length;
  switch (command.type) {
    case 'CompleteRound': {
      const { round } = command.data;
      if (round !== completed || round >= state.run.rounds) {
        return { refused: { code: 'ROUND_OUT_OF_ORDER', message: 'Rounds complete one after another.', payload: { expected: completed, given: round } } };
      }
      return { events: [{ type: 'TrainingRoundCompleted', data: command.data }] };
    }
    case 'CompleteTrainingRun': {
      const { rounds } = state.run;
      if (completed < rounds && !isAtRest(state)) return { refused: { code: 'ROUNDS_MISSING', message: 'Not every round is complete.', payload: { completed, rounds } } };
      return { events: [{ type: 'TrainingRunCompleted', data: command.data }] };
    }
    case 'FailTrainingRun': return { events: [{ type: 'TrainingRunFailed', data: command.data }] };
  }
}
