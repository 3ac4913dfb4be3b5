/** Messages that are no event: each would be refused or changed by a store, or break the consumer, if it were let through. */
import { encodeUsageEvent, type DecodeFailure } from '../../schemas/usage-event.ts';
import { usageEvent } from './usage-event.ts';

const sound = JSON.parse(encodeUsageEvent(usageEvent())) as Record<string, unknown>;
const withField = (field: string, value: unknown) => JSON.stringify({ ...sound, [field]: value });
const withoutField = (field: string) => JSON.stringify(Object.fromEntries(Object.entries(sound).filter(([key]) => key !== field)));

type Poison = readonly [what: string, payload: string, code: DecodeFailure['code']];

export const POISON: readonly Poison[] = [
  ['nothing', '', 'invalid_json'],
  ['no JSON', 'not JSON', 'invalid_json'],
  ['half an event', encodeUsageEvent(usageEvent()).slice(0, -5), 'invalid_json'],
  ['null', 'null', 'invalid_event'],
  ['a number', '7', 'invalid_event'],
  ['an array', '[]', 'unknown_version'],
  ['another version', withField('v', 2), 'unknown_version'],
  ['a version with a NUL', withField('v', '\0'), 'unknown_version'],
  ['a version that cannot become text', withField('v', { toString: 1, valueOf: 1 }), 'unknown_version'],
  ...['id', 'c', 'm', 't', 'q', 'p', 'i', 'l'].map((field) => [`no ${field}`, withoutField(field), 'invalid_event'] as const),
  [
    'more than a megabyte',
    encodeUsageEvent(usageEvent({ properties: JSON.stringify({ note: 'x'.repeat(1_048_576) }) })),
    'event_too_large',
  ],
  [
    'more than a megabyte in bytes alone',
    encodeUsageEvent(usageEvent({ properties: JSON.stringify({ note: '€'.repeat(349_600) }) })),
    'event_too_large',
  ],
  ...(['id', 'c', 'm'] as const).flatMap((field) => [
    [`an empty ${field}`, withField(field, ''), 'invalid_event'] as const,
    [`a number as ${field}`, withField(field, 7), 'invalid_event'] as const,
    [`an overlong ${field}`, withField(field, 'x'.repeat(field === 'c' ? 301 : 257)), 'invalid_event'] as const,
    [`a NUL in ${field}`, withField(field, 'a\0b'), 'invalid_event'] as const,
    [`the first half of a surrogate pair in ${field}`, withField(field, 'a\ud800'), 'invalid_event'] as const,
    [`the second half of a surrogate pair in ${field}`, withField(field, '\udc00b'), 'invalid_event'] as const,
  ]),
  ...[
    '0000-01-01T00:00:00.000000Z',
    '1899-12-31T23:59:59.999999Z',
    '2300-01-01T00:00:00.000000Z',
    '9999-12-31T23:59:59.999999Z',
    '2026-00-10T00:00:00.000000Z',
    '2026-13-10T00:00:00.000000Z',
    '2026-01-00T00:00:00.000000Z',
    '2026-02-29T00:00:00.000000Z',
    '2026-02-30T00:00:00.000000Z',
    '2100-02-29T00:00:00.000000Z',
    '2026-04-31T00:00:00.000000Z',
    '2026-01-32T00:00:00.000000Z',
    '2026-01-01T24:00:00.000000Z',
    '2026-01-01T25:00:00.000000Z',
    '2026-01-01T00:60:00.000000Z',
    '2026-01-01T00:00:60.000000Z',
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.000000+01:00',
    '2026-01-01 00:00:00.000000Z',
    '2026-01-01T00:00:00.000000Z\n',
    '٢٠٢٦-01-01T00:00:00.000000Z',
    'infinity',
  ].map((time) => [`the time ${JSON.stringify(time)}`, withField('t', time), 'invalid_event'] as const),
  ...[
    '',
    '-',
    '.5',
    '5.',
    '1,5',
    '1e5',
    '+5',
    '007',
    '-0',
    '1.50',
    'NaN',
    'Infinity',
    '0x10',
    ' 5',
    '5\n',
    '1'.repeat(21),
    `0.${'1'.repeat(19)}`,
  ].map((quantity) => [`the quantity ${JSON.stringify(quantity)}`, withField('q', quantity), 'invalid_event'] as const),
  ['a number as quantity', withField('q', 1.5), 'invalid_event'],
  ...['', '[]', 'null', '{', '{}}', '{"a":}', '{"a":"\0"}', '{"a":"\ud800"}'].map(
    (properties) => [`the properties ${JSON.stringify(properties)}`, withField('p', properties), 'invalid_event'] as const,
  ),
  ...['', '0', '01', '-1', '1.5', '9223372036854775808', '9999999999999999999'].map(
    (importId) => [`the import ${JSON.stringify(importId)}`, withField('i', importId), 'invalid_event'] as const,
  ),
  ...[0, -1, 1.5, '2', 9_007_199_254_740_992].map(
    (line) => [`the line ${JSON.stringify(line)}`, withField('l', line), 'invalid_event'] as const,
  ),
];
