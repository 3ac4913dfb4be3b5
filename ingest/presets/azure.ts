/**
 * Azure cost and usage exports. Columns and their names per kind of agreement:
 * https://learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields
 *
 * Dates are days in UTC. Some exports write them month first, others as ISO 8601: a profile for each, since one file has one form.
 */
import type { Mapping } from '../../schemas/http/imports.ts';
import type { Preset } from './preset.ts';

const MONTH_FIRST = 'M/d/yyyy';

function detailsOf(columns: { customer: string; time: string; meter: string; quantity: string; kept: string[]; charge?: string }): Mapping {
  return {
    customer: columns.customer,
    time: columns.time,
    timeZone: 'UTC',
    measures: [{ meter: { column: columns.meter }, quantity: columns.quantity }],
    properties: columns.kept,
    ...(columns.charge === undefined ? {} : { only: [{ column: columns.charge, in: ['Usage'] }] }),
  };
}

const ENTERPRISE = detailsOf({
  customer: 'SubscriptionId',
  time: 'Date',
  meter: 'MeterId',
  quantity: 'Quantity',
  kept: ['MeterCategory', 'MeterName', 'UnitOfMeasure'],
  charge: 'ChargeType',
});
const CUSTOMER = detailsOf({
  customer: 'SubscriptionId',
  time: 'date',
  meter: 'meterId',
  quantity: 'quantity',
  kept: ['meterCategory', 'meterName', 'unitOfMeasure'],
  charge: 'chargeType',
});
const SUBSCRIPTION = detailsOf({
  customer: 'SubscriptionGuid',
  time: 'UsageDateTime',
  meter: 'MeterId',
  quantity: 'UsageQuantity',
  kept: ['MeterCategory', 'MeterName', 'UnitOfMeasure'],
});
const WHAT = 'Per subscription and meter. Purchases, refunds and unused reservations are left out as not_selected.';

export const AZURE_PRESETS: readonly Preset[] = [
  {
    name: 'azure-ea',
    description: `Azure cost and usage details of an Enterprise Agreement, Date such as 9/21/2026. ${WHAT}`,
    mapping: { ...ENTERPRISE, timeFormat: MONTH_FIRST },
  },
  {
    name: 'azure-ea-iso',
    description: `Azure cost and usage details of an Enterprise Agreement, Date such as 2026-09-21. ${WHAT}`,
    mapping: ENTERPRISE,
  },
  {
    name: 'azure-mca',
    description: `Azure cost and usage details of a Microsoft Customer Agreement, date such as 09/21/2026. ${WHAT}`,
    mapping: { ...CUSTOMER, timeFormat: MONTH_FIRST },
  },
  {
    name: 'azure-mca-iso',
    description: `Azure cost and usage details of a Microsoft Customer Agreement, date such as 2026-09-21. ${WHAT}`,
    mapping: CUSTOMER,
  },
  {
    name: 'azure-subscription',
    description: 'Azure usage export of a subscription, columns such as UsageDateTime and ResourceRate. Per subscription and meter.',
    mapping: SUBSCRIPTION,
  },
  {
    name: 'azure-subscription-us-date',
    description: 'Azure usage export of a subscription, UsageDateTime such as 9/21/2026. Per subscription and meter.',
    mapping: { ...SUBSCRIPTION, timeFormat: MONTH_FIRST },
  },
];
