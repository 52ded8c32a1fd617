// Who takes part in random histories, and by which parameters.
import { localParameters, type PlatformParameters } from '@oort/schema';
import { forker } from './fork-twins';
import { account } from './test-chain';

export const oort = 10n ** 18n;
/** Every transaction takes a second, so periods are long enough for what has to happen in them; juries of 1, 3, 7 fit the bench. */
export const fuzzParameters: PlatformParameters = {
  ...localParameters, votingSeconds: 40, timelockSeconds: 9, appealSeconds: 20, poolLockSeconds: 20, poolExitSeconds: 6, jurySeats: 1, jurySeconds: 12, leafAnswerSeconds: 25,
  officerSeats: 2, officerQuota: 1, officerDrawSeconds: 15, officerPeriodSeconds: 15, officerShowSeconds: 10, officerDisputeSeconds: 6,
};
export const mallory = account('mallory');
/** The first is a witness that forks; the last one is a contract, which does something of its own when it is paid. */
export const people: readonly string[] = [forker, ...['bob', 'cid'].map(account), mallory];
/** They have pools, and nobody accuses them. */
export const jurors: readonly string[] = ['jay', 'joy', 'jim', 'jan'].map(account);
export const jurorStake = 10n * oort;
