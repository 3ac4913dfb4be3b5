import { text } from 'node:stream/consumers';
import { Decimal } from 'decimal.js';
import { expect, test } from 'vitest';
import { usageFile, usageSum, type UsageFile } from './generate.ts';

async function count(file: UsageFile) {
  const lines = (await text(usageFile(file))).trimEnd().split('\n').slice(1);
  const distinct = [...new Set(lines)];
  const total = distinct.reduce((sum, line) => sum.plus(line.split(',')[4] ?? ''), new Decimal(0)).toFixed();
  return { lines: lines.length, ids: new Set(lines.map((line) => line.split(',')[0])).size, sum: { rows: distinct.length, total } };
}

test.each([{ rows: 1 }, { rows: 2_001, series: 'b' }, { rows: 12_345 }])('what is counted is what is in a file of %j', async (file) => {
  const counted = await count(file);
  expect(counted).toMatchObject({ lines: file.rows, ids: file.rows, sum: { rows: file.rows } });
  expect(counted.sum).toEqual(usageSum(file));
});

test.each([{ rows: 150 }, { rows: 12_345 }])('one row of a hundred repeats another one in a file of %j', async ({ rows }) => {
  const file = { rows, repeats: true };
  const counted = await count(file);
  expect(counted.lines).toBe(rows);
  expect(counted.ids).toBe(rows - Math.floor(rows / 100));
  expect(counted.sum).toEqual(usageSum(file));
});
