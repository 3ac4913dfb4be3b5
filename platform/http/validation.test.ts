import { describe, expect, it } from 'vitest';
import type { TSchema } from 'typebox';
import { ProblemError } from '../../core/errors.ts';
import { FinalizeInput } from '../../schemas/http/invoice-life.ts';
import { PlanDefinition } from '../../schemas/http/plans.ts';
import { RecordsQuery } from '../../schemas/http/usage.ts';
import { createValidatorCompiler } from './validation.ts';

function check(schema: TSchema, httpPart: string, input: unknown): { value?: unknown; errors?: unknown } {
  const validate = createValidatorCompiler()({ schema, httpPart, method: 'GET', url: '/' });
  const outcome = validate(input) as { value?: unknown; error?: unknown };
  if (outcome.error === undefined) return { value: outcome.value };
  expect(outcome.error).toBeInstanceOf(ProblemError);
  return { errors: (outcome.error as ProblemError).errors };
}

describe('a query string', () => {
  it('is converted to the types of its schema and gets its defaults', () => {
    expect(check(RecordsQuery, 'querystring', { limit: '5' })).toEqual({ value: { limit: 5 } });
    expect(check(RecordsQuery, 'querystring', {})).toEqual({ value: { limit: 100 } });
  });

  it.each([
    ['an unknown parameter', { custmer: 'a' }, [{ path: 'custmer', code: 'unknown', message: 'custmer is not known here' }]],
    ['text where a number is due', { limit: '5a' }, [{ path: 'limit', code: 'type', message: 'must be integer' }]],
    ['a fraction where a whole number is due', { limit: '5.5' }, [{ path: 'limit', code: 'type', message: 'must be integer' }]],
    ['a number out of bounds', { limit: '1001' }, [{ path: 'limit', code: 'maximum', message: 'must be <= 1000' }]],
    ['a parameter given twice', { customer: ['a', 'b'] }, [{ path: 'customer', code: 'type', message: 'must be string' }]],
    ['a choice that is none', { status: 'x' }, [{ path: 'status', code: 'enum', message: 'must be one of accepted, conflict, voided' }]],
    ['U+0000', { customer: 'a\0b' }, [{ path: 'customer', code: 'nul_character', message: 'must not contain the character U+0000' }]],
    [
      'half a surrogate pair',
      { customer: 'a\udc00b' },
      [{ path: 'customer', code: 'lone_surrogate', message: expect.stringContaining('U+D800') }],
    ],
  ])('is refused for %s, which is named', (_name, query, errors) => {
    expect(check(RecordsQuery, 'querystring', query)).toEqual({ errors });
  });
});

describe('a body', () => {
  const plan = (...prices: unknown[]) => ({ name: 'Plan', currency: 'USD', prices });

  it('is not converted: a price sent as a number is refused', () => {
    expect(check(PlanDefinition, 'body', plan({ meter: 'm', model: 'per_unit', unitPrice: 0.1 }))).toEqual({
      errors: [{ path: 'prices/0/unitPrice', code: 'type', message: 'must be string' }],
    });
  });

  it('is judged by the alternative its model names, one price at a time', () => {
    const graduated = { meter: 'a', model: 'graduated', tiers: [{ upTo: 'many', unitPrice: '1' }] };
    const perUnit = { meter: 'b', model: 'per_unit', unitPrice: '1', colour: 'red' };
    const { errors } = check(PlanDefinition, 'body', plan(graduated, perUnit)) as { errors: { path: string; code: string }[] };
    expect(errors.map(({ path, code }) => `${path} ${code}`).sort()).toEqual([
      'prices/0/tiers/0/upTo invalid_decimal',
      'prices/1/colour unknown',
    ]);
  });

  it('says of a number what is wrong with it, where it is, and how to mend it', () => {
    const tiers = [
      { upTo: '1e5', unitPrice: `0.${'0'.repeat(18)}1` },
      { upTo: null, unitPrice: '-1', flatFee: '' },
    ];
    expect(check(PlanDefinition, 'body', plan({ meter: 'a', model: 'graduated', tiers })).errors).toEqual([
      {
        path: 'prices/0/tiers/0/upTo',
        code: 'invalid_decimal',
        message: '"1e5" is not a decimal number: write it out, without an exponent',
      },
      {
        path: 'prices/0/tiers/0/unitPrice',
        code: 'too_many_fraction_digits',
        message: '19 digits after the decimal point, at most 18 are kept: round it to 18',
      },
      { path: 'prices/0/tiers/1/unitPrice', code: 'negative', message: '"-1" is below 0, and only 0 and more are taken here' },
      { path: 'prices/0/tiers/1/flatFee', code: 'invalid_decimal', message: 'empty; write a number such as 0.10' },
    ]);
  });

  it.each([' ', '\t\n', '\u00A0\u3000', '\u200B\uFEFF\u2060', '\u202E\u200F', ''])(
    'is refused a reason that shows nothing: %j',
    (reason) => {
      const errors = [{ path: 'force/reason', code: 'blank', message: 'must not be blank: say it in words' }];
      expect(check(FinalizeInput, 'body', { force: { reason } })).toEqual({ errors });
    },
  );

  it('may be null or an object, and is told about the object when it is one', () => {
    expect(check(FinalizeInput, 'body', null)).toEqual({ value: null });
    expect(check(FinalizeInput, 'body', { force: { reason: 5 } })).toEqual({
      errors: [{ path: 'force/reason', code: 'type', message: 'must be string' }],
    });
    expect(check(FinalizeInput, 'body', 'force')).toEqual({ errors: [{ path: '', code: 'type', message: 'must be object or null' }] });
  });

  it('names all types that a member may have', () => {
    const price = { meter: 'a', model: 'graduated', tiers: [{ upTo: 5, unitPrice: '1' }] };
    expect(check(PlanDefinition, 'body', plan(price))).toEqual({
      errors: [{ path: 'prices/0/tiers/0/upTo', code: 'type', message: 'must be string or null' }],
    });
  });

  it('names the choices when the model is none of them', () => {
    expect(check(PlanDefinition, 'body', plan({ meter: 'a', model: 'magic' }))).toEqual({
      errors: [{ path: 'prices/0/model', code: 'enum', message: 'must be one of per_unit, graduated, volume, package, flat' }],
    });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['text', 'plan'],
  ])('is refused when it is %s', (_name, body) => {
    expect(check(PlanDefinition, 'body', body).errors).toMatchObject([{ path: '', code: 'type' }]);
  });

  it('keeps members named like those of every object from slipping in', () => {
    expect(check(PlanDefinition, 'body', JSON.parse('{"name":"P","currency":"USD","prices":[],"__proto__":{"x":1}}')).errors).toMatchObject(
      [{ path: '__proto__', code: 'unknown' }],
    );
  });
});
