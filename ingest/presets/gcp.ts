/**
 * Google Cloud billing exports. Columns: https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage and
 * https://cloud.google.com/billing/docs/how-to/cost-table
 */
import type { Preset } from './preset.ts';

export const GCP_PRESETS: readonly Preset[] = [
  {
    name: 'gcp-billing-export',
    description: 'Google Cloud Billing export from BigQuery as CSV, columns such as usage.amount. Per project and SKU.',
    mapping: {
      customer: 'project.id',
      time: 'usage_start_time',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'sku.id' }, quantity: 'usage.amount' }],
      properties: ['service.description', 'sku.description', 'usage.unit'],
    },
  },
  {
    name: 'gcp-billing-file-export',
    description: 'Google Cloud Billing export to a CSV file, columns such as Measurement1 Total Consumption. Per project and line item.',
    mapping: {
      customer: 'Project ID',
      time: 'Start Time',
      measures: [{ meter: { column: 'Line Item' }, quantity: 'Measurement1 Total Consumption' }],
      properties: ['Measurement1 Units', 'Description'],
    },
  },
  {
    name: 'gcp-cost-table',
    description:
      'Google Cloud cost table, downloaded from the console: amounts such as 6,282.708, days of the Pacific time zone. Per project and SKU. ' +
      'Credits, taxes and the total are left out as not_selected.',
    mapping: {
      customer: 'Project ID',
      time: 'Usage start date',
      timeZone: 'America/Los_Angeles',
      measures: [{ meter: { column: 'SKU ID' }, quantity: 'Usage amount' }],
      properties: ['Service description', 'SKU description', 'Usage unit'],
      only: [
        { column: 'Cost type', in: ['Usage'] },
        { column: 'Credit type', in: [''] },
      ],
      thousands: ',',
    },
  },
];
