/** Reports, undos and decisions in any order, against a model that keeps a few lists. The seed is in the name: TALLYLINE_TEST_SEED repeats it. */
import { expect, it } from 'vitest';
import { sendResolutions } from '../../ingest/resolutions.ts';
import { decideOn } from '../support/conflicts.ts';
import type { TestPipeline } from '../support/consumers.ts';
import { seededRandom, testSeed } from '../support/random.ts';
import { expectStoresAgree, makeImports, undo } from '../support/undo.ts';
import { usageEvent } from '../support/usage-event.ts';
import { useStores } from '../support/use-pipeline.ts';
import { VersionsModel, type Report } from '../support/versions-model.ts';

/** Events side by side: each step happens to several of them at once. */
const EVENTS = 12;
const STEPS = 16;
/** A seed is sixteen drains of the pipeline, two seconds each where nothing else is at work. */
const SEED_MS_MAX = 240_000;
const IMPORTS = 8;
const QUANTITIES = ['1', '2', '3'];

const stores = useStores();

/** Sorted texts, `event import line …`. */
function expected(models: readonly VersionsModel[], undone: ReadonlySet<string>) {
  const texts = (of: (model: VersionsModel) => string[]) => models.flatMap((model, n) => of(model).map((text) => `${n} ${text}`)).sort();
  const report = ({ importId, line, quantity }: Report) => `${importId} ${line} ${quantity}`;
  const counts = new Map<string, number[]>();
  const count = (importId: string, at: number) => {
    const found = counts.get(importId) ?? [0, 0, 0];
    found[at] = (found[at] ?? 0) + 1;
    if (!undone.has(importId)) counts.set(importId, found);
  };
  const known = new Map<string, number>();
  for (const { accepted, witnesses, conflicts } of models) {
    if (accepted) count(accepted.importId, 0);
    for (const { importId } of witnesses) {
      count(importId, 1);
      known.set(`${importId} ${accepted?.importId}`, (known.get(`${importId} ${accepted?.importId}`) ?? 0) + 1);
    }
    for (const { importId } of conflicts) count(importId, 2);
  }
  return {
    accepted: texts(({ accepted }) => (accepted ? [report(accepted)] : [])),
    witnesses: texts(({ witnesses }) => witnesses.map(({ importId, line }) => `${importId} ${line}`)),
    conflicts: texts(({ conflicts }) => conflicts.map((conflict) => `${report(conflict)} ${conflict.status}`)),
    counts: [...counts].map(([importId, found]) => `${importId} ${found.join(' ')}`).sort(),
    known: [...known].map(([pair, events]) => `${pair} ${events}`).sort(),
  };
}

async function stored(pipeline: TestPipeline, undone: ReadonlySet<string>): Promise<ReturnType<typeof expected>> {
  const texts = async (sql: string) => (await pipeline.query<{ text: string }>(sql, [[...undone]])).map(({ text }) => text).sort();
  // What is said of imports that are undone is history.
  const standing = `import_id <> ALL ($1::bigint[])`;
  return {
    accepted: await texts(`SELECT concat_ws(' ', id, import_id, line, quantity) AS text FROM usage_records WHERE ${standing}`),
    witnesses: await texts(`SELECT concat_ws(' ', id, import_id, line) AS text FROM witnesses WHERE ${standing}`),
    conflicts: await texts(`SELECT concat_ws(' ', id, import_id, line, quantity, status) AS text FROM conflicts WHERE ${standing}`),
    counts: await texts(`SELECT concat_ws(' ', import_id, sum(accepted), sum(duplicate), sum(conflict)) AS text FROM import_partitions
                         WHERE ${standing} AND accepted + duplicate + conflict > 0 GROUP BY import_id`),
    known: await texts(
      `SELECT concat_ws(' ', import_id, from_import_id, events) AS text FROM import_known_from WHERE ${standing} AND events <> 0`,
    ),
  };
}

it.each([testSeed(), 1, 2])(
  'seed %i: after every step the stores are what the model says',
  async (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const pick = <T>(from: readonly T[]): T | undefined => from[below(from.length)];
    const pipeline = await stores.open(2);
    const imports = Array.from({ length: IMPORTS }, (_, n) => String(n + 1));
    await makeImports(pipeline, imports);
    const models = Array.from({ length: EVENTS }, () => new VersionsModel());
    const sent = new Map<string, Parameters<typeof usageEvent>[0]>();
    const undone = new Set<string>();
    const did = { report: 0, again: 0, undo: 0, first: 0, this: 0 };
    let line = 1;

    const publish = async (event: Parameters<typeof usageEvent>[0] & Report & { id: string }) => {
      sent.set(`${event.importId}:${event.line}`, event);
      models[Number(event.id)]?.deliver(event);
      await pipeline.publish([usageEvent(event)]);
    };
    const report = async (n: number) => {
      did.report += 1;
      const importId = pick(imports) ?? '1';
      await publish({ id: String(n), customer: `customer-${n % 5}`, importId, line: (line += 1), quantity: pick(QUANTITIES) ?? '1' });
    };
    const again = async () => {
      const event = pick([...sent.values()]);
      if (!event?.id || !event.importId || !event.line || !event.quantity) return;
      did.again += 1;
      await publish({ ...event, id: event.id, importId: event.importId, line: event.line, quantity: event.quantity });
    };
    const decide = async (model: VersionsModel, keep: 'first' | 'this') => {
      const chosen = pick(model.decidable(keep));
      if (!chosen) return;
      did[keep] += 1;
      if (keep === 'this') model.keepThis(chosen);
      else model.keepFirst(chosen);
      await decideOn(pipeline, chosen.importId, chosen.line, keep);
    };

    const take = async (step: number) => {
      const kind = step === 0 ? 0 : random();
      if (kind < 0.4) {
        for (let n = 0; n < EVENTS; n += 1) if (random() < 0.8) await report(n);
        for (let n = 0; n < 4; n += 1) await again();
      } else if (kind < 0.75) {
        // One decision per event: about a second one the first may have changed what there is to decide.
        for (const model of models) if (random() < 0.6) await decide(model, random() < 0.6 ? 'this' : 'first');
        await sendResolutions(pipeline.platform);
      } else {
        const importId = pick(imports.filter((id) => !undone.has(id)));
        if (importId === undefined) return;
        did.undo += 1;
        undone.add(importId);
        for (const model of models) model.undo(importId);
        await undo(pipeline, importId);
      }
      await pipeline.drained();
      expect([step, did, await stored(pipeline, undone)]).toEqual([step, did, expected(models, undone)]);
    };
    await pipeline.running(async () => {
      for (let step = 0; step < STEPS; step += 1) await take(step);
    });
    await expectStoresAgree(pipeline);
    await pipeline.close();
  },
  SEED_MS_MAX,
);
