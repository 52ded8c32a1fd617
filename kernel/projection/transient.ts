// Which failures are PostgreSQL's and pass, and which are the event's or the fold's and come again.
// Classes of SQLSTATE: PostgreSQL 18 manual, appendix A.
import { codeOf, messageOf } from '@oort/kernel-wire';

/** Connection, rollback by conflict, insufficient resources, operator intervention, system error. */
const passing = ['08', '40', '53', '57', '58'];
/** Lock not available; session ended while idle; transaction too long. */
const passingCodes = ['55P03', '25P03', '25P04'];
const systemCodes = /^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_AGAIN|NOTFOUND|MFILE|NFILE|NOSPC)/;
const driverSays = /connection terminated|connection error|client was closed|timeout exceeded|not queryable|calling end on the pool|query runner already released/i;

export function isTransient(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return passing.includes(code.slice(0, 2)) || passingCodes.includes(code);
  return systemCodes.test(code) || driverSays.test(messageOf(error));
}
