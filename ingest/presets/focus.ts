/**
 * FinOps Open Cost and Usage Specification, https://focus.finops.org. What is used here has the same name and meaning in 1.0, 1.1 and 1.2;
 * times are in UTC by definition. A charge that is no usage (a purchase, a tax, a credit) consumes nothing.
 */
import type { Preset } from './preset.ts';

export const FOCUS_PRESETS: readonly Preset[] = [
  {
    name: 'focus',
    description: 'FOCUS 1.0, 1.1 and 1.2. Per sub account and SKU. Charges of usage only; others are left out as not_selected.',
    mapping: {
      customer: 'SubAccountId',
      time: 'ChargePeriodStart',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'SkuId' }, quantity: 'ConsumedQuantity' }],
      properties: ['ServiceName', 'ConsumedUnit', 'ChargeDescription'],
      only: [{ column: 'ChargeCategory', in: ['Usage'] }],
      nullTokens: ['NULL', 'null'],
    },
  },
];
