/** `POST /v1/imports?dryRun=true`: what an import would come to. */
import { Type } from 'typebox';
import { nullable } from './common.ts';
import { Effect } from './effect.ts';
import { Import } from './imports.ts';
import { FirstDouble } from './suspected-doubles.ts';

export const RejectedLine = Type.Object({
  line: Type.Integer(),
  column: nullable(Type.String()),
  code: Type.String(),
  message: Type.String(),
  raw: Type.String(),
});
export type RejectedLine = Type.Static<typeof RejectedLine>;

/** What only a dry run answers: an import has addresses for it. */
const DRY_RUN = {
  effect: Effect,
  /** The first ones, as far as they fit. */
  rejectedRows: Type.Array(RejectedLine),
  /** The first hundred. */
  doubles: Type.Array(FirstDouble),
};

/** The import as it would be when it is complete. Its id is `dry-run`, and names nothing, unless the file itself in `knownFrom`. */
export const DryRun = Type.Object({ ...Import.properties, ...DRY_RUN });
export type DryRun = Type.Static<typeof DryRun>;

/** Of an upload: the import, or, with `dryRun=true`, what it would be. */
export const UploadAnswer = Type.Object({
  ...Import.properties,
  effect: Type.Optional(DRY_RUN.effect),
  rejectedRows: Type.Optional(DRY_RUN.rejectedRows),
  doubles: Type.Optional(DRY_RUN.doubles),
});
