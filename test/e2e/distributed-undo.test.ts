/** Imports taken back on Kafka, where two processes handle the control messages: both stores and the invoices say what the others justify. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Import } from '../../schemas/http/imports.ts';
import type { Invoice } from '../../schemas/http/invoices.ts';
import { startCluster, type Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { importFile, usageTotals } from '../support/imports.ts';
import { kafkaAvailable } from '../support/kafka.ts';
import { untilShared } from '../support/kafka-group.ts';
import { expectStoresHold, type Usage } from '../support/stores.ts';
import type { Tallyline } from '../support/tallyline.ts';
import { customerOf, decimalOf, MAPPING, METER, milliOf, PERIOD, textOf, usageOf, WRONG_MAPPING } from '../support/usage-file.ts';

/** Several batches: after the first, the undo finds the import at work. */
const LONG_FILE_ROWS = 200_000;
/** On a machine that is busy with others. */
const UNDO_MS_MAX = 120_000;
/** Customers whose invoices are looked at; the stores are for all of them. Partitions are dealt out by customer. */
const INVOICES = 6;

describe.skipIf(!kafkaAvailable)('with two consumer processes', () => {
  let cluster: Cluster;
  let ingest: Tallyline;
  let api: Tallyline;
  beforeAll(async () => {
    cluster = await startCluster();
    ingest = await cluster.start('ingest');
    api = await cluster.start('api');
    await cluster.start('consumers');
    await cluster.start('consumers');
    await untilShared(cluster, 2);
    const prices = [{ meter: METER, model: 'per_unit', unitPrice: '1000' }];
    await send('/v1/plans/thousand', 'PUT', { name: 'A thousand for each', currency: 'USD', prices });
    for (let k = 0; k < INVOICES; k += 1) {
      await send(`/v1/customers/${customerOf(k)}`, 'PUT', { name: `Customer ${k}`, currency: 'USD', timeZone: 'UTC', plan: 'thousand' });
    }
  });
  afterAll(() => cluster?.close());
  beforeEach(() => expectStoresHold(cluster, {}));

  const send = <T>(path: string, method: string, body: object) =>
    api.json<T>(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const view = (id: string) => ingest.json<Import>(`/v1/imports/${id}`);
  const bring = (from: number, to: number, mapping = MAPPING) => importFile(ingest, textOf(from, to), { mapping });

  async function undo(id: string): Promise<Import> {
    await ingest.json(`/v1/imports/${id}/undo`, { method: 'POST' });
    const undone = async () => {
      const found = await view(id);
      return found.status === 'undone' && found;
    };
    return eventually(`import ${id} is undone`, undone, UNDO_MS_MAX);
  }

  /** Stores and invoices; a price of 1,000 turns thousandths of a quantity into whole money. */
  async function expectBilled(usage: Usage): Promise<void> {
    await expectStoresHold(cluster, usage);
    for (let k = 0; k < INVOICES; k += 1) {
      const invoice = await send<Invoice>('/v1/invoices/preview', 'POST', { customer: customerOf(k), ...PERIOD });
      const billed = usage[`${customerOf(k)} ${METER}`];
      expect(invoice.lines.map(({ meter, quantity }) => ({ meter, quantity }))).toEqual(
        billed === undefined ? [] : [{ meter: METER, quantity: billed.quantity }],
      );
      expect(invoice.total).toBe(`${thousandths(billed?.quantity ?? '0')}.00`);
    }
  }

  test('of three overlapping imports, the undone one leaves exactly what the other two justify', async () => {
    const first = await bring(0, 6_000);
    const second = await bring(4_000, 10_000);
    const third = await bring(8_000, 12_000);
    expect([first, second, third].map(({ events }) => [events.accepted, events.duplicate])).toEqual([
      [6_000, 0],
      [4_000, 2_000],
      [2_000, 2_000],
    ]);
    await expectBilled(usageOf([0, 12_000]));

    await undo(second.id);
    await expectBilled(usageOf([0, 6_000], [8_000, 12_000]));
    await undo(first.id);
    await expectBilled(usageOf([8_000, 12_000]));
    await undo(third.id);
    await expectBilled({});
  });

  test('undone while it is being published, an import leaves nothing behind, and its file can be imported again', async () => {
    const kept = await bring(0, 3_000);
    const text = textOf(0, LONG_FILE_ROWS);
    const { id } = await importFile(ingest, text, { mapping: MAPPING, wait: false });
    await eventually('some of it is in the log', async () => (await view(id)).events.published > 0);
    expect((await view(id)).status).toBe('publishing');
    const { events } = await undo(id);
    expect(events.published).toBeLessThan(LONG_FILE_ROWS);
    await expectBilled(usageOf([0, 3_000]));

    const again = await importFile(ingest, text, { mapping: MAPPING });
    expect(again.events).toMatchObject({ published: LONG_FILE_ROWS, accepted: LONG_FILE_ROWS - 3_000, duplicate: 3_000 });
    await expectBilled(usageOf([0, LONG_FILE_ROWS]));
    await undo(kept.id);
    await expectBilled(usageOf([0, LONG_FILE_ROWS]));
    await undo(again.id);
  });

  test('a file imported with a wrong mapping, undone, and imported with the right one is billed once', async () => {
    const wrong = await bring(0, 2_000, WRONG_MAPPING);
    const milli = Array.from({ length: 2_000 }, (_, n) => milliOf(n)).reduce((sum, more) => sum + more, 0);
    expect(await usageTotals(api)).toEqual({ [METER]: String(milli) });
    await undo(wrong.id);
    const right = await bring(0, 2_000);
    expect(right).toMatchObject({ status: 'complete', events: { accepted: 2_000, duplicate: 0, conflict: 0 } });
    expect(await usageTotals(api)).toEqual({ [METER]: decimalOf(milli) });
    await expectBilled(usageOf([0, 2_000]));
    await undo(right.id);
  });
});

function thousandths(decimal: string): bigint {
  const [integer = '', fraction = ''] = decimal.split('.');
  return BigInt(integer + fraction.padEnd(3, '0'));
}
