// The story in short; `npm run storage-faults -- --seconds 10 --rounds 5 --largest 256` has more of everything.
import { FaultStory } from './story';

let story: FaultStory;
beforeAll(async () => {
  story = await FaultStory.start({ sizes: [1024, 65_537, 1_000_003], faultMs: 1500, rounds: 1, tell: () => undefined });
});
afterAll(() => story.close(), 60_000);

const sound = { lost: [], wrong: [], broken: [] };

test.each<[string, (told: FaultStory) => Promise<void>]>([
  ['three of six nodes are killed', (told) => told.threeKilled()],
  ['two nodes are killed at an acknowledgement', (told) => told.twoKilledAtOnce()],
  ['a node flips bits', (told) => told.liar('flips')],
  ['a node lies about what it has', (told) => told.liar('lies')],
  ['a node hangs', (told) => told.hanging()],
  ['a node is slow', (told) => told.slow()],
  ['the door is killed', (told) => told.doorKilled()],
  ['clients lie about what they send', (told) => told.lyingClients()],
  ['in the end all is in its place, and nothing else is anywhere', (told) => told.clean()],
])('%s: nothing acknowledged is lost', async (_, happen) => {
  await happen(story);
  expect(story.outcome()).toMatchObject(sound);
}, 120_000);
