import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packHours, unpackHours } from './packed-hours.ts';

const hour = fc.record({
  start: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  end: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  quantity: fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
  events: fc.nat(),
  amount: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
});

describe('packed hours', () => {
  it('are small, and plain JSON', () => {
    const quantity = 1_500_000_000_000_000_000n;
    expect(packHours([{ start: 0, end: 3_600_000, quantity, events: 2, amount: -7n }])).toEqual([[0, 3_600_000, '1.5', 2, '-7']]);
    expect(packHours([{ start: 0, end: 1, quantity: 0n, amount: 0n }])).toEqual([[0, 1, '0', 0, '0']]);
  });

  it('come back as they were, through JSON', () => {
    fc.assert(
      fc.property(fc.array(hour), (hours) => {
        expect(unpackHours(JSON.parse(JSON.stringify(packHours(hours))) as ReturnType<typeof packHours>)).toEqual(hours);
      }),
    );
  });
});
