/** Rule 11: a trunk block whose MCI is a multiple of 10 also links the summary of MCI - 10; of 100, MCI - 100; and so on. */
export function skipTargets(mci: number): number[] {
  const targets: number[] = [];
  for (let step = 10; mci > 0 && mci % step === 0; step *= 10) targets.push(mci - step);
  return targets;
}
