import { describe, expect, it } from 'vitest';
import { excerptOf } from './example.ts';

describe('the faulty part of a line', () => {
  it('is the cell that the message quotes, near the left edge', () => {
    expect(excerptOf({ raw: 'r4,atlas-nimbus,2026-11-31T00:01:09Z,4096', message: '"2026-11-31T00:01:09Z": not a time' })).toEqual({
      before: 'r4,atlas-nimbus,',
      fault: '2026-11-31T00:01:09Z',
      after: ',4096',
    });
    expect(excerptOf({ raw: 'a-rather-long-identifier,n/a,1', message: '"n/a": not a plain number' }).before).toBe('…long-identifier,');
  });

  it('is not marked when nothing is quoted or the quote is not in the line', () => {
    expect(excerptOf({ raw: 'r3,,1', message: 'the customer is empty' })).toEqual({ before: 'r3,,1', fault: '', after: '' });
    expect(excerptOf({ raw: 'r3,,1', message: '"x" is missing' }).fault).toBe('');
  });
});
