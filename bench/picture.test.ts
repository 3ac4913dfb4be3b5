import { expect, test } from 'vitest';
import { barsPicture } from './picture.ts';

const picture = barsPicture({
  title: 'A <b> & c',
  unit: 'rows/s',
  bars: [
    { label: 'ours', value: 64_264, isOurs: true },
    { label: 'R&D', value: 32_132, isOurs: false },
    { label: 'nothing', value: 0, isOurs: false },
  ],
});

test('bars are as long as their values, and the least one is seen', () => {
  const widths = [...picture.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(3);
  expect(widths[1]).toBeCloseTo((widths[0] ?? 0) / 2, 0);
  expect(widths[2]).toBe(2);
});

test('figures stand beside their bars, and in words for those who do not see them', () => {
  expect(picture).toContain('>64,264</text>');
  expect(picture).toContain('<desc id="description">ours: 64,264 rows/s; R&amp;D: 32,132 rows/s; nothing: 0 rows/s</desc>');
});

test('texts cannot become markup', () => {
  expect(picture).toContain('<title id="title">A &lt;b&gt; &amp; c</title>');
  expect(picture).not.toContain('<b>');
});

test('there are colours for dark pages, and no background', () => {
  expect(picture).toContain('@media (prefers-color-scheme: dark)');
  expect(picture.match(/<rect /g)).toHaveLength(3);
});

test('without bars there is a picture all the same', () => {
  expect(barsPicture({ title: 'Empty', unit: 'rows/s', bars: [] })).toMatch(/^<svg [^]*<\/svg>\n$/);
});
