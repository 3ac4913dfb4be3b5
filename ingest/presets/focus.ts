/**
 * FinOps Open Cost and Usage Specification, https://focus.finops.org. What is used here has the same name and meaning from 1.0 on;
 * times are in UTC by definition. A charge that is no usage (a purchase, a tax, a credit) consumes nothing.
 */
import type { Mapping } from '../../schemas/http/imports.ts';
import type { Preset } from './preset.ts';

const MAPPING: Mapping = {
  customer: 'SubAccountId',
  time: 'ChargePeriodStart',
  timeZone: 'UTC',
  measures: [{ meter: { column: 'SkuId' }, quantity: 'ConsumedQuantity' }],
  properties: ['ServiceName', 'ConsumedUnit', 'ChargeDescription'],
  only: [{ column: 'ChargeCategory', in: ['Usage'] }],
  nullTokens: ['NULL', 'null'],
};

export const FOCUS_PRESETS: readonly Preset[] = [
  {
    name: 'focus',
    description: 'FOCUS 1.0 to 1.2. Per sub account and SKU. Charges of usage only; others are left out as not_selected.',
    mapping: MAPPING,
  },
  {
    name: 'focus-billing-account',
    description:
      'FOCUS 1.0 and later, of a provider that has no sub accounts. Per billing account and SKU. Charges of usage only; others are left out as not_selected.',
    mapping: { ...MAPPING, customer: 'BillingAccountId' },
  },
];
