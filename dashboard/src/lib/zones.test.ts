import { describe, expect, it } from 'vitest';
import { currentZoneName, zoneNames } from './zones.ts';

describe('names of time zones', () => {
  it('are those of today, with UTC first and the present choice among them', () => {
    expect(zoneNames('Etc/GMT-3', ['Europe/Berlin', 'Asia/Katmandu', 'UTC'])).toEqual([
      'UTC',
      'Asia/Kathmandu',
      'Etc/GMT-3',
      'Europe/Berlin',
    ]);
    expect(zoneNames('', ['Europe/Berlin'])).toEqual(['UTC', 'Europe/Berlin']);
    expect(currentZoneName('Asia/Calcutta')).toBe('Asia/Kolkata');
  });
});
