/**
 * Oracle Cloud Infrastructure cost and usage reports. Columns:
 * https://docs.oracle.com/iaas/Content/Billing/Concepts/usagereportsoverview.htm
 *
 * A correction is a line of its own with the difference, so every line counts.
 */
import type { Preset } from './preset.ts';

export const OCI_PRESETS: readonly Preset[] = [
  {
    name: 'oci-cost',
    description: 'Oracle Cloud (OCI) cost report. Per tenancy and product SKU; corrections count.',
    mapping: {
      customer: 'lineItem/tenantId',
      time: 'lineItem/intervalUsageStart',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'cost/productSku' }, quantity: 'usage/billedQuantity' }],
      properties: ['product/service', 'product/compartmentName', 'product/resourceId', 'product/Description', 'cost/skuUnitDescription'],
    },
  },
  {
    name: 'oci-usage',
    description: 'Oracle Cloud (OCI) usage report. Per tenancy and resource; corrections count.',
    mapping: {
      customer: 'lineItem/tenantId',
      time: 'lineItem/intervalUsageStart',
      timeZone: 'UTC',
      measures: [{ meter: { column: 'product/resource' }, quantity: 'usage/consumedQuantity' }],
      properties: ['product/service', 'product/compartmentName', 'product/resourceId', 'usage/consumedQuantityUnits'],
    },
  },
];
