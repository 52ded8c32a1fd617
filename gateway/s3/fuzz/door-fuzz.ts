// The door under requests that nobody should send. It has to answer each with S3's XML or not at all, go on, and keep nothing but what
// it said it keeps.
import { createConnection } from 'node:net';
import { anyRequest, chunkedPut, Dice, noise, type RawRequest, type Signer } from './requests';

/** What was wrong, with the seed that makes it again. */
export interface Finding { readonly run: number; readonly what: string; readonly request: string; readonly answer: string }

export interface Fuzzed { readonly runs: number; readonly byStatus: Readonly<Record<string, number>>; /** Puts that were answered with 200, and those that nobody heard an answer of. */ readonly kept: readonly Put[]; readonly unheard: readonly Put[]; /** What each put was answered, by its key. */ readonly answers: ReadonlyMap<string, string>; readonly findings: readonly Finding[] }

type Put = NonNullable<RawRequest['put']>;

/** `signer` may do everything in the bucket `fuzz`. */
export async function fuzzDoor({ port, seed, runs, signer }: { readonly port: number; readonly seed: number; readonly runs: number; readonly signer: Signer }): Promise<Fuzzed> {
  const byStatus: Record<string, number> = {};
  const [kept, unheard]: readonly [Put[], Put[]] = [[], []];
  const findings: Finding[] = [];
  const answers = new Map<string, string>();
  for (let run = 0; run < runs; run += 1) {
    const dice = new Dice(`${seed}/${run}`);
    const which = dice.roll(8);
    const request = which === 0 ? noise(dice) : which < 4 ? chunkedPut(dice, signer, `put-${run}`) : anyRequest(dice, signer);
    const answer = await send(port, request);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(last(answer))?.[1] ?? 'none';
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    const what = wrongWith(request, last(answer), status);
    if (what !== null) findings.push({ run, what, request: request.bytes.subarray(0, 1500).toString('latin1'), answer: answer.slice(0, 600) });
    if (request.put !== undefined) answers.set(request.put.key, answer);
    if (request.put !== undefined && status === '200') kept.push(request.put);
    if (request.put !== undefined && status === 'none') unheard.push(request.put);
  }
  return { runs, byStatus, kept, unheard, answers, findings };
}

/** What follows an interim `100 Continue`. */
function last(answer: string): string { return answer.replace(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)+/, ''); }

function wrongWith({ method, cut }: RawRequest, answer: string, status: string): string | null {
  // Who leaves early need not be told anything.
  if (status === 'none') return cut ? null : 'no answer';
  if (status === '500' || status === '503') return 'an error of ours';
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  if (Number(status) < 400 || method === 'HEAD') return null;
  return /^<\?xml [^>]*\?>\s*<Error>.*<Code>\w+<\/Code>/s.test(body) ? null : 'an error that is not XML';
}

/** What is not whole is ended, else the door would wait for the rest. Node answers nobody who has ended his side. */
function send(port: number, { bytes, cut }: RawRequest): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = createConnection(port, '127.0.0.1', () => { if (cut) socket.end(bytes); else socket.write(bytes); });
    socket.on('data', (chunk) => { got += chunk.toString('latin1'); }).on('error', () => undefined).on('close', () => resolve(got));
  });
}
