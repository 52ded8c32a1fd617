// Models that others made run through the job that runs our own. They are installed on demand: `npm run bench -- inference` does.
import { contentIdOf } from '@oort/kernel-content';
import type { Json } from '@oort/kernel-wire';
import { runInference } from '@oort/node-agents-agent/inference';
import { arePublicModelsThere, drawDigits, lineFeeds, publicFile, readLetters, voiceFeeds } from './public-models';

interface Output { readonly outputs: readonly number[][]; readonly names: readonly string[]; readonly dims: readonly number[][] }

async function infer(model: Buffer, feeds: ReturnType<typeof voiceFeeds>): Promise<Output> {
  const { output } = await runInference({ modelContentId: contentIdOf(model), feeds: feeds as unknown as Json }, {
    fetchContent: () => Promise.resolve(model), storeContent: () => Promise.resolve(''), checkpoint: () => Promise.resolve(), resume: null,
    signal: new AbortController().signal, checkpointEveryMs: 1000,
  });
  return output as unknown as Output;
}

const there = arePublicModelsThere();
if (!there) process.stderr.write('public models are not installed, so their test is skipped; npm run bench -- inference installs them\n');

(there ? describe : describe.skip)('a public model, as an inference job', () => {
  it('reads a line of digits: PP-OCR', async () => {
    const { pixels, width } = drawDigits('2047');
    const { outputs: [scores = []], dims: [dims = []] } = await infer(publicFile('PP-OCR recognition'), lineFeeds(pixels, width));
    expect(readLetters(scores, dims[1] ?? 0)).toBe('2047');
  });

  it('hears no voice in silence, and keeps its state: Silero VAD', async () => {
    const { outputs, names, dims } = await infer(publicFile('Silero VAD'), voiceFeeds(new Float32Array(512)));
    expect([names, dims]).toEqual([['output', 'stateN'], [[1, 1], [2, 1, 128]]]);
    expect(outputs[0]?.[0]).toBeLessThan(0.1);
    expect(outputs[1]?.some((value) => value !== 0)).toBe(true);
  });
});
