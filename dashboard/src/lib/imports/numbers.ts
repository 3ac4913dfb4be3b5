/** How numbers are written: the styles that the form offers, each by an example. */
import type { Mapping } from '../types.ts';

export interface NumberStyle {
  decimal: '.' | ',';
  thousands: '' | NonNullable<Mapping['thousands']>;
  grouping: '' | NonNullable<Mapping['grouping']>;
}

export type StyleMembers = Pick<Mapping, 'decimal' | 'thousands' | 'grouping'>;

export const PLAIN_STYLE: NumberStyle = { decimal: '.', thousands: '', grouping: '' };

const STYLES: readonly NumberStyle[] = [
  PLAIN_STYLE,
  style('.', ','),
  style(',', ''),
  style(',', '.'),
  style(',', ' '),
  style('.', ' '),
  style('.', "'"),
  style(',', "'"),
  style('.', ',', 'indian'),
];

function style(decimal: NumberStyle['decimal'], thousands: NumberStyle['thousands'], grouping: NumberStyle['grouping'] = ''): NumberStyle {
  return { decimal, thousands, grouping };
}

export function styleOf({ decimal, thousands, grouping }: StyleMembers): NumberStyle {
  return { decimal: decimal ?? '.', thousands: thousands ?? '', grouping: grouping ?? '' };
}

/** The members of a mapping that say it; none for the plain style. */
export function membersOf({ decimal, thousands, grouping }: NumberStyle): StyleMembers {
  return {
    ...(decimal === '.' ? {} : { decimal }),
    ...(thousands === '' ? {} : { thousands }),
    ...(grouping === '' ? {} : { grouping }),
  };
}

export function exampleOf({ decimal, thousands, grouping }: NumberStyle): string {
  const groups = grouping === 'indian' ? ['12', '34', '567'] : ['1', '234'];
  return `${groups.join(thousands)}${decimal}5`;
}

/** As the value of an option. */
export function styleKey({ decimal, thousands, grouping }: NumberStyle): string {
  return [decimal, thousands, grouping === 'indian' ? grouping : ''].join('|');
}

/** Those that are offered, with `own` among them. */
export function styleOptions(own: NumberStyle | undefined): { key: string; style: NumberStyle; example: string }[] {
  const all = own === undefined || STYLES.some((offered) => styleKey(offered) === styleKey(own)) ? STYLES : [...STYLES, own];
  return all.map((offered) => ({ key: styleKey(offered), style: offered, example: exampleOf(offered) }));
}
