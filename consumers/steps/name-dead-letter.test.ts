import { describe, expect, it } from 'vitest';
import { ofVersion2, usageEvent } from '../../test/support/usage-event.ts';
import { nameDeadLetter } from './name-dead-letter.ts';

describe('what a dead letter says about itself', () => {
  const event = usageEvent({ importId: '12', line: 7 });
  it.each<[string, string, object]>([
    ['an event of another version', ofVersion2(event), { importId: '12', line: '7', meter: 'requests', customer: 'acme', id: 'event-1' }],
    ['long names', '{"importId":12,"line":"7","meter":"a","customer":"b"}', { importId: '12', line: '7', meter: 'a', customer: 'b' }],
    ['an import alone', '{"v":9,"i":"5"}', { importId: '5' }],
    ['numbers that are none', '{"i":"1e3","l":0,"m":7,"c":"","id":null}', {}],
    ['integers beyond 64 bits', '{"i":"9999999999999999999","l":9007199254740993}', {}],
    ['keys that Postgres cannot hold', JSON.stringify({ m: 'a\0', c: '\ud800', id: 'x'.repeat(257) }), {}],
    ['no object', '[{"i":"5"}]', {}],
    ['no JSON', '{"i":"5"', {}],
    ['nothing', '', {}],
    ['more than is looked at', `{"i":"5","p":"${'x'.repeat(8_388_608)}"}`, {}],
    ['a prototype', '{"__proto__":{"i":"5"}}', {}],
  ])('%s', (_, payload, name) => {
    expect(nameDeadLetter(payload)).toEqual(name);
  });
});
