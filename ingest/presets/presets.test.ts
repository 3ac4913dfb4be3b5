/** Built-in profiles against exports that others published (test/corpus/real), and against headers of exports whose rows no one may share. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addDecimals } from '../../core/decimal.ts';
import type { Inspection, Profile } from '../../schemas/http/imports.ts';
import { createExploder, type EventBatch } from '../csv/explode.ts';
import { inspectHead } from '../csv/inspect.ts';
import { columnsOf } from '../csv/mapping-columns.ts';
import { resolveMapping } from '../csv/mapping.ts';
import { findPreset, PRESETS } from './presets.ts';

const nowMs = Date.UTC(2026, 10, 23);
const profiles: Profile[] = PRESETS.map((preset) => ({ ...preset, builtIn: true, updatedAt: null }));
const root = join(import.meta.dirname, '../..');
const real = (name: string) => readFile(join(root, 'test/corpus/real', name));

async function inspect(head: Buffer, profile?: string): Promise<Inspection> {
  const mapping = profile === undefined ? undefined : findPreset(profile)?.mapping;
  const outcome = await inspectHead({ head, complete: true, declared: {}, mapping, profiles, limit: 10_000, nowMs });
  if (!outcome.ok) throw new Error(outcome.fault.message);
  return outcome.inspection;
}

interface Event {
  customer: string;
  meter: string;
  time: string;
  quantity: string;
}

/** Events of the rows that are read, and the codes of those that are not. */
async function readWith(profile: string, head: Buffer): Promise<{ events: Event[]; refused: string[] }> {
  const inspection = await inspect(head, profile);
  const mapping = findPreset(profile)?.mapping;
  const outcome = mapping === undefined ? undefined : resolveMapping(mapping, inspection.header);
  if (outcome?.ok !== true) throw new Error(`${profile} does not fit ${inspection.header.join()}`);
  const exploder = createExploder({ mapping: outcome.resolved, importId: '1', nowMs });
  const out: EventBatch = { customers: [], payloads: [] };
  const refused: string[] = [];
  for (const { cells, line, problem } of inspection.rows) {
    expect(exploder.check(cells)?.code).toBe(problem?.split(':')[0]);
    if (problem === undefined) exploder.push('id', line, out);
    else refused.push(problem.split(':')[0] ?? '');
  }
  const events = out.payloads.map((payload) => {
    const { c, m, t, q } = JSON.parse(payload) as { c: string; m: string; t: string; q: string };
    return { customer: c, meter: m, time: t, quantity: q };
  });
  return { events, refused };
}

const suggestedFor = async (head: Buffer) => (await inspect(head)).suggestions.map(({ profile }) => profile);

describe('exports that others published', () => {
  it('AWS Cost and Usage Report: usage to the last digit, taxes left out', async () => {
    const file = await real('aws-cur.csv');
    expect(await suggestedFor(file)).toEqual(['aws-cur']);
    const account = { customer: '123412340534' };
    expect(await readWith('aws-cur', file)).toEqual({
      refused: ['not_selected'],
      events: [
        { ...account, meter: 'USE1-DataTransfer-xAZ-In-Bytes', time: '2023-11-05T04:00:00.000000Z', quantity: '0.0010569617' },
        { ...account, meter: 'CAN1-MEC1-AWS-In-Bytes', time: '2023-11-07T05:00:00.000000Z', quantity: '0.0000009984' },
        { ...account, meter: 'USE1-EUC1-AWS-Out-Bytes', time: '2023-11-04T23:00:00.000000Z', quantity: '0.0000000671' },
        { ...account, meter: 'USE1-EUC1-AWS-Out-Bytes', time: '2023-11-08T09:00:00.000000Z', quantity: '0.0000000671' },
      ],
    });
  });

  it('Azure export of an Enterprise Agreement: month first, without zeros', async () => {
    const file = await real('azure-ea-export.csv');
    expect((await suggestedFor(file))[0]).toBe('azure-ea');
    const time = '2023-09-02T00:00:00.000000Z';
    const ingress = '59bc01e3-9d3e-4b9f-baef-35e696aad6c4';
    expect(await readWith('azure-ea', file)).toEqual({
      refused: [],
      events: [
        { customer: 'e18e1552-c6dd-45d1-973c-999999999999', meter: ingress, time, quantity: '0.027265128' },
        { customer: '271403aa-09dc-4f66-a989-999999999999', meter: ingress, time, quantity: '0.0000142949' },
        { customer: '5c685b9f-c5d0-4123-9bdf-999999999999', meter: 'e6ab7238-e433-4fe0-a2b2-2b2564df2cdb', time, quantity: '11' },
      ],
    });
    // With the other form of dates every row is refused, none is misread.
    expect((await readWith('azure-ea-iso', file)).refused).toEqual(['ambiguous_time', 'ambiguous_time', 'ambiguous_time']);
  });

  it('Azure actual cost: month first with zeros, purchases left out', async () => {
    const file = await real('azure-ea-actual-cost.csv');
    expect((await suggestedFor(file))[0]).toBe('azure-ea');
    const customer = '1caaa5a3-2b66-438e-8ab4-bce37d518c5d';
    expect(await readWith('azure-ea', file)).toEqual({
      refused: ['not_selected'],
      events: [
        { customer, meter: 'ec8c7b49-9790-4261-b46f-293dabb53fd9', time: '2023-09-04T00:00:00.000000Z', quantity: '24' },
        { customer, meter: '3ecfdd2b-7518-44a3-b8c0-af1735eda535', time: '2023-09-05T00:00:00.000000Z', quantity: '0.033336' },
      ],
    });
  });

  it('OCI cost report: times without seconds, 18 fraction digits', async () => {
    const file = await real('oci-cost.csv');
    expect(await suggestedFor(file)).toEqual(['oci-cost']);
    const same = { customer: 'ocid1.tenancy.oc1..aaaaaaaadsyhydp66mjpsohqocfcgzaabtrit47ex2igzu2j6lhuadrrglca', meter: 'B90926' };
    expect(await readWith('oci-cost', file)).toEqual({
      refused: [],
      events: [
        { ...same, time: '2023-11-13T07:00:00.000000Z', quantity: '0.000002' },
        { ...same, time: '2023-11-13T06:00:00.000000Z', quantity: '0.000031' },
        { ...same, time: '2023-11-13T10:00:00.000000Z', quantity: '0.0004' },
      ],
    });
  });

  it('FOCUS 1.0: figures that were counted by other means', async () => {
    const file = await readFile(join(root, 'ingest/samples/focus_sample.csv'));
    expect(await suggestedFor(file)).toEqual(['focus', 'focus-billing-account']);
    const { events, refused } = await readWith('focus', file);
    expect(refused).toEqual(['not_selected', 'not_selected', 'not_selected']);
    expect(events).toHaveLength(997);
    expect(events.map(({ quantity }) => quantity).reduce(addDecimals)).toBe('13302.712904456820057');
    expect(new Set(events.map(({ meter }) => meter)).size).toBe(264);
    expect(events.map(({ time }) => time).sort()).toEqual(
      expect.arrayContaining(['2024-09-01T00:00:00.000000Z', '2024-09-30T23:00:00.000000Z']),
    );
  });
});

/** Headers as the systems write them, with rows of our own. */
const HEADERS: [profile: string, file: string, expected: string[]][] = [
  [
    'aws-cur-2.0',
    'bill_payer_account_id,line_item_line_item_description,line_item_line_item_type,line_item_operation,line_item_product_code,' +
      'line_item_usage_account_id,line_item_usage_amount,line_item_usage_start_date,line_item_usage_type\n' +
      '1,x,Usage,RunInstances,AmazonEC2,111122223333,0.5000000000,2026-10-01T00:00:00.000Z,BoxUsage:t3.micro\n' +
      '1,x,SavingsPlanNegation,RunInstances,AmazonEC2,111122223333,0.5,2026-10-01T00:00:00.000Z,BoxUsage:t3.micro\n',
    ['111122223333 BoxUsage:t3.micro 2026-10-01T00:00:00.000000Z 0.5', 'not_selected'],
  ],
  [
    'azure-mca',
    'invoiceId,billingAccountId,date,meterId,meterName,meterCategory,SubscriptionId,ResourceId,quantity,unitOfMeasure,chargeType\n' +
      ',b,10/31/2026,m-1,Reads,Storage,s-1,/r,1.5E-05,10K,Usage\n,b,10/31/2026,m-1,Reads,Storage,s-1,/r,1,10K,UnusedReservation\n',
    ['s-1 m-1 2026-10-31T00:00:00.000000Z 0.000015', 'not_selected'],
  ],
  [
    'azure-mca-iso',
    'invoiceId,billingAccountId,date,meterId,meterName,meterCategory,SubscriptionId,ResourceId,quantity,unitOfMeasure,chargeType\n' +
      ',b,2026-10-31,m-1,Reads,Storage,s-1,/r,2,10K,Usage\n',
    ['s-1 m-1 2026-10-31T00:00:00.000000Z 2'],
  ],
  [
    'azure-subscription',
    'SubscriptionGuid,ResourceGroup,ResourceLocation,UsageDateTime,MeterCategory,MeterSubCategory,MeterId,MeterName,MeterRegion,' +
      'UsageQuantity,ResourceRate,PreTaxCost,ConsumedService,ResourceType,InstanceId,Tags,OfferId,AdditionalInfo,ServiceInfo1,ServiceInfo2,' +
      'ServiceName,ServiceTier,Currency,UnitOfMeasure\n' +
      's-1,rg,eu,2026-06-18,Storage,,m-1,Reads,,24,0.1,2.4,c,t,/i,,o,,,,n,t,EUR,1 Hour\n',
    ['s-1 m-1 2026-06-18T00:00:00.000000Z 24'],
  ],
  [
    'focus',
    '"ChargeCategory","ChargeDescription","ChargePeriodStart","ConsumedQuantity","ConsumedUnit","InvoiceId","ResourceId","ServiceName","SkuId",' +
      '"SkuMeter","SkuPriceDetails","SubAccountId"\n' +
      '"Usage","x","2024-09-10T12:00:00Z",370.3400000000,"Hours","I","r","EC2","S1","m",NULL,"517"\n' +
      '"Usage","unused","2024-09-10T12:00:00Z",NULL,NULL,"I","r","EC2","S1","m",NULL,"517"\n' +
      '"Purchase","x","2024-09-10T12:00:00Z",NULL,NULL,"I","r","EC2","S1","m",NULL,"517"\n',
    ['517 S1 2024-09-10T12:00:00.000000Z 370.34', 'missing_quantity', 'not_selected'],
  ],
  [
    'gcp-cost-table',
    'Billing account name,Billing account ID,Project name,Project ID,Project hierarchy,Service description,Service ID,SKU description,SKU ID,' +
      'Consumption model description,Credit type,Cost type,Usage start date,Usage end date,Usage amount,Usage unit,Unrounded Cost ($),Cost ($)\n' +
      'A,0A,p,p-1,o,Compute Engine,6F81,E2,ABC1,Default,,Usage,2026-06-01,2026-06-30,"6,282.708",hour,1000.005,1000.01\n' +
      'A,0A,p,p-1,o,Cloud Run,S3,CPU,K3,,SPENDING_BASED_DISCOUNT,Usage,2026-06-01,2026-06-30,,,-15,-15.00\n' +
      ',,,,,,,,,,,Total,,,,,985.005,985.01\n',
    ['p-1 ABC1 2026-06-01T07:00:00.000000Z 6282.708', 'not_selected', 'not_selected'],
  ],
  [
    'gcp-billing-export',
    'billing_account_id,service.id,service.description,sku.id,sku.description,usage_start_time,usage_end_time,project.id,usage.amount,usage.unit,cost\n' +
      'B,6F81,Compute,9B2D,Core,2026-06-01 07:00:00 UTC,2026-06-01 08:00:00 UTC,p-1,3.6E6,seconds,1\n',
    ['p-1 9B2D 2026-06-01T07:00:00.000000Z 3600000'],
  ],
  [
    'gcp-billing-file-export',
    'Account ID,Line Item,Start Time,End Time,Project,Measurement1,Measurement1 Total Consumption,Measurement1 Units,Cost,Currency,' +
      'Project Number,Project ID,Project Name,Project Labels,Description\n' +
      'B,com.google/storage,2018-05-23T00:00:00-07:00,2018-05-24T00:00:00-07:00,1,com.google/storage,86400,byte-seconds,0,USD,1,p-1,P,,d\n',
    ['p-1 com.google/storage 2018-05-23T07:00:00.000000Z 86400'],
  ],
  [
    'oci-usage',
    'lineItem/referenceNo,lineItem/tenantId,lineItem/intervalUsageStart,lineItem/intervalUsageEnd,product/service,product/resource,' +
      'product/compartmentId,product/compartmentName,product/region,product/availabilityDomain,product/resourceId,usage/consumedQuantity,' +
      'usage/billedQuantity,usage/consumedQuantityUnits,usage/consumedQuantityMeasure,lineItem/isCorrection,lineItem/backreferenceNo\n' +
      'V2.a==,t-1,2026-02-10T00:00Z,2026-02-10T01:00Z,COMPUTE,PIC_COMPUTE,c,dev,eu,AD-1,r,807281554,655380202,GB_MS,STORAGE_SIZE,true,V2.b==\n',
    ['t-1 PIC_COMPUTE 2026-02-10T00:00:00.000000Z 807281554'],
  ],
];

describe('a built-in profile', () => {
  it.each(HEADERS)('%s reads the header of its export', async (profile, file, expected) => {
    expect((await suggestedFor(Buffer.from(file)))[0]).toBe(profile);
    const { events, refused } = await readWith(profile, Buffer.from(file));
    expect([...events.map(({ customer, meter, time, quantity }) => `${customer} ${meter} ${time} ${quantity}`), ...refused]).toEqual(
      expected,
    );
  });

  it('has a name of its own, a description, and a mapping that is sound', () => {
    expect(new Set(PRESETS.map(({ name }) => name)).size).toBe(PRESETS.length);
    for (const { name, description, mapping } of PRESETS) {
      expect(name).toMatch(/^[a-z0-9.-]+$/);
      expect(description.length).toBeGreaterThan(40);
      expect(resolveMapping(mapping, columnsOf(mapping))).toMatchObject({ ok: true });
    }
  });
});
