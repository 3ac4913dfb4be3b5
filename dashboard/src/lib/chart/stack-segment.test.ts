import { describe, expect, it } from 'vitest';
import { segmentAt, stackSegments } from './stack.ts';

describe('the segment under the pointer', () => {
  const [segments = []] = stackSegments([[4], [-3], [6]], 1);

  it('is the one that holds the height, above and below the baseline', () => {
    expect([1, 3.9, 4, 9.9, -1].map((height) => segmentAt(segments, height))).toEqual([0, 0, 2, 2, 1]);
  });

  it('is none beside the bar', () => {
    expect([10, 12, -4].map((height) => segmentAt(segments, height))).toEqual([null, null, null]);
  });
});
