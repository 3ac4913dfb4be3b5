import { describe, expect, it } from 'vitest';
import { placeCallout } from './place-callout.ts';

const VIEW = { width: 1000, height: 800 };
const SIZE = { width: 320, height: 160 };

describe('the place of a callout', () => {
  it.each([
    ['below', { left: 100, top: 100, width: 200, height: 40 }, { left: 100, top: 152 }],
    ['above, where nothing fits below', { left: 100, top: 700, width: 200, height: 40 }, { left: 100, top: 528 }],
    ['to the right of something tall', { left: 20, top: 50, width: 100, height: 700 }, { left: 132, top: 50 }],
    ['to the left, where nothing fits to the right', { left: 800, top: 50, width: 190, height: 700 }, { left: 468, top: 50 }],
    ['inside the window, however far right its anchor is', { left: 950, top: 100, width: 40, height: 20 }, { left: 668, top: 132 }],
    ['in the corner, where no side has room', { left: 0, top: 0, width: 1000, height: 800 }, { left: 668, top: 628 }],
  ])('%s', (_, anchor, place) => {
    expect(placeCallout(anchor, SIZE, VIEW)).toEqual(place);
  });

  it('is the corner without an anchor', () => {
    expect(placeCallout(null, SIZE, VIEW)).toEqual({ left: 668, top: 628 });
  });
});
