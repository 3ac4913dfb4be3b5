/**
 * AWS Cost and Usage Reports, in both of their schemas. Columns: https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html
 *
 * The lines of a bill that repeat usage with another sign or as money alone (`SavingsPlanNegation`, `Tax`, `Credit`, …) are no usage. There is
 * no id: `identity/LineItemId` is the same for a resource from interval to interval, and another in the next delivery of the same month.
 */
import type { Preset } from './preset.ts';

const USAGE_LINES = ['Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage'];
const DESCRIPTION =
  'Per account and usage type. Lines of usage only; taxes, fees, credits and negations are left out as not_selected. ' +
  'A month that is delivered again replaces its file: undo the import before.';

export const AWS_PRESETS: readonly Preset[] = [
  {
    name: 'aws-cur',
    description: `AWS Cost and Usage Report, columns such as lineItem/UsageAmount. ${DESCRIPTION}`,
    mapping: {
      customer: 'lineItem/UsageAccountId',
      time: 'lineItem/UsageStartDate',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'lineItem/UsageType' }, quantity: 'lineItem/UsageAmount' }],
      properties: ['lineItem/LineItemType', 'lineItem/ProductCode', 'lineItem/Operation', 'lineItem/LineItemDescription'],
      only: [{ column: 'lineItem/LineItemType', in: USAGE_LINES }],
    },
  },
  {
    name: 'aws-cur-2.0',
    description: `AWS CUR 2.0 of Data Exports, columns such as line_item_usage_amount. ${DESCRIPTION}`,
    mapping: {
      customer: 'line_item_usage_account_id',
      time: 'line_item_usage_start_date',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'line_item_usage_type' }, quantity: 'line_item_usage_amount' }],
      // Who sets up the export chooses its columns; descriptions are often left out, for their size.
      properties: ['line_item_line_item_type', 'line_item_product_code', 'line_item_operation'],
      only: [{ column: 'line_item_line_item_type', in: USAGE_LINES }],
    },
  },
];
