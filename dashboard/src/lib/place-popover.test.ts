import { expect, it } from 'vitest';
import { placePopover } from './place-popover.ts';

const VIEW = { width: 390, height: 844 };
const SIZE = { width: 280, height: 80 };

it('stands below what it explains, at its left edge', () => {
  expect(placePopover({ left: 20, top: 100, bottom: 120 }, SIZE, VIEW)).toEqual({ left: 20, top: 126 });
});

it('moves to the left where it would leave the window', () => {
  expect(placePopover({ left: 300, top: 100, bottom: 120 }, SIZE, VIEW).left).toBe(390 - 280 - 8);
});

it('stands above where there is no room below', () => {
  expect(placePopover({ left: 20, top: 800, bottom: 820 }, SIZE, VIEW).top).toBe(800 - 6 - 80);
});

it('stays below where there is room neither above nor below', () => {
  expect(placePopover({ left: 20, top: 40, bottom: 60 }, SIZE, { width: 390, height: 120 }).top).toBe(66);
});

it('starts at the left edge of a window that is narrower than itself', () => {
  expect(placePopover({ left: 20, top: 100, bottom: 120 }, SIZE, { width: 200, height: 844 }).left).toBe(8);
});
