import { expect, it } from 'vitest';
import { countText } from './count-text.ts';

it('is nothing for none, and says where there are more', () => {
  expect(countText({ count: 0, isMore: false })).toBe('');
  expect(countText({ count: 3, isMore: false })).toBe('3');
  expect(countText({ count: 1000, isMore: true })).toBe('1,000+');
});
