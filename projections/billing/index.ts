// billing: usage -> rated by a versioned price book -> double-entry postings -> invoices that anyone can recompute.
export { billingProjection, usageSource } from './projection';
export type { AccountRow, InvoiceRow, S3KeyRow } from './entities';
export {
  creditsForWei,
  payableIn,
  rate,
  usageRootOf,
  type BilledUsage,
  type InvoiceLine,
  type Payable,
  type RatedUsage,
} from './invoice';
export { divideHalfEven } from './half-even';
export {
  priceBook2026,
  priceBooks,
  type BilledItem,
  type Price,
  type PriceBook,
} from './price-book';
export {
  accountById,
  accountsById,
  balancesOf,
  creditBalance,
  invoiceByChainId,
  invoiceById,
  invoicesOf,
  newestInvoice,
  s3KeysOf,
  tokenDiscountBasisPoints,
  trialBalance,
  unbilledUsage,
} from './queries';
