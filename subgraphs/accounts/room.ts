// What every part of this domain works with, made once in subgraph.ts.
import type { Outcome } from '@oort/kernel-decider';
import type { DeviceKey } from '@oort/kernel-identity';
import type { PriceBook } from '@oort/projections-billing';
import type { RequestContext, SubgraphPorts } from '@oort/schema';
import type { Challenges } from './challenges';
import type { AccountCommand } from './commands';
import type { ForgottenAccounts } from './forgotten';
import type { PaymentProvider } from './payment-provider';
import type { AccountRefusal } from './refusals';
import type { S3KeyIndex } from './s3-keys';
import type { Site } from './sign-in';
import type { AccountState } from './state';

export interface AccountsRoom {
  readonly ports: Pick<SubgraphPorts, 'store' | 'readModels' | 'ledger' | 'now'>;
  readonly handle: (
    accountId: string,
    command: AccountCommand,
  ) => Promise<Outcome<AccountState, AccountRefusal>>;
  /** Destroys every key that opens what this account told or stored. */
  readonly forgetKeys: (accountId: string) => Promise<void>;
  readonly site: Site;
  readonly sessionKey: DeviceKey;
  readonly challenges: Challenges;
  readonly forgotten: ForgottenAccounts;
  readonly s3Keys: S3KeyIndex;
  readonly providers: readonly PaymentProvider[];
  readonly priceBook: PriceBook;
}

export type Signed = Extract<RequestContext['actor'], { readonly kind: 'account' }>;
