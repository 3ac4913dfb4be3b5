import { describe, expect, it } from 'vitest';
import { niceTicks, stackExtent, stackSegments } from './stack.ts';
import { axisTicks } from './ticks.ts';

describe('stacked bars', () => {
  it('grow up for what is positive and down for what is negative', () => {
    const stacks = stackSegments(
      [
        [4, -1],
        [2, 3],
        [0, -2],
      ],
      2,
    );
    expect(stacks).toEqual([
      [
        { series: 0, from: 0, to: 4 },
        { series: 1, from: 4, to: 6 },
      ],
      [
        { series: 0, from: 0, to: -1 },
        { series: 1, from: 0, to: 3 },
        { series: 2, from: -1, to: -3 },
      ],
    ]);
    expect(stackExtent(stacks)).toEqual({ low: -3, high: 6 });
  });

  it('have a height even when nothing was used', () => {
    expect(stackExtent(stackSegments([[0, 0]], 2))).toEqual({ low: 0, high: 1 });
  });

  it('stand before round grid lines that hold them', () => {
    expect(niceTicks(0, 11_043_047)).toEqual([0, 4_000_000, 8_000_000, 12_000_000]);
    expect(niceTicks(-3, 6)).toEqual([-4, 0, 4, 8]);
    expect(niceTicks(0, 0.0007)).toEqual([0, 0.00025, 0.0005, 0.00075]);
  });
});

describe('labels of the time axis', () => {
  const hours = (count: number) => Array.from({ length: count }, (_, n) => Date.parse('2026-11-17T12:00:00Z') + n * 3_600_000);

  it('are round clock times, with the date where a day begins', () => {
    const ticks = axisTicks(hours(48), 'hour', 'UTC', 1000);
    expect(ticks.map(({ label }) => label)).toEqual(['12:00', '18:00', 'Wed 18 Nov', '06:00', '12:00', '18:00', 'Thu 19 Nov', '06:00']);
    expect(ticks.filter(({ strong }) => strong).map(({ bucket }) => bucket)).toEqual([12, 36]);
  });

  it('become fewer where there is less room', () => {
    expect(axisTicks(hours(48), 'hour', 'UTC', 320)).toHaveLength(4);
  });

  it('name the year of months', () => {
    const months = ['2023-11-01', '2023-12-01', '2024-01-01', '2024-02-01'].map((day) => Date.parse(`${day}T00:00:00Z`));
    expect(axisTicks(months, 'month', 'UTC', 1000).map(({ label }) => label)).toEqual(['Nov 2023', 'Dec', 'Jan 2024', 'Feb']);
  });
});
