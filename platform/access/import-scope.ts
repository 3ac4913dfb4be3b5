/**
 * Whose imports a query may touch: all of them for staff, those that it has sent for a key that sends. As with scopes over customers, the
 * classes have private members and are made here only, so that no query can be written without one.
 */
import type { Caller } from './caller.ts';

export class EveryImport {
  /** Keeps other objects of this shape from being scopes. */
  protected readonly brand = 'imports';
  readonly createdBy = undefined;
}

export class OwnImports {
  protected readonly brand = 'imports';
  /** Name of the caller that sent them. */
  readonly createdBy: string;

  constructor(createdBy: string) {
    this.createdBy = createdBy;
  }
}

export type ImportScope = EveryImport | OwnImports;

/** For jobs of the program; not for routes: test/support/scoped-queries.ts sees to it. */
export const EVERY_IMPORT = new EveryImport();

/** Of a caller who may call the route at all. */
export function importScopeOf(caller: Caller): ImportScope {
  switch (caller.role) {
    case 'admin':
    case 'analyst':
      return EVERY_IMPORT;
    case 'ingest':
      return new OwnImports(caller.name);
    case 'customer':
    case 'link':
      throw new Error(`the route lets in ${caller.name}, and is about imports`);
  }
}
