/** A mapping for the exports of a well-known system, shipped with the program. */
import type { Mapping } from '../../schemas/http/imports.ts';

export interface Preset {
  /** Also the name of the profile; no saved one can have it. */
  name: string;
  /** Which export, and what becomes of its rows. */
  description: string;
  mapping: Mapping;
}
