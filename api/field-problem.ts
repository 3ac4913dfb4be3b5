/** Refusals that point at the field. */
import { ProblemError, type FieldError, type ProblemCode } from '../core/errors.ts';

export function fieldProblem(code: ProblemCode, path: string, message: string): ProblemError {
  return new ProblemError(code, `${path}: ${message}.`, { errors: [{ path, code, message }] });
}

/** Throws when there are any faults; the first one is told in words, all of them are listed. */
export function refuseFaults(code: ProblemCode, errors: readonly FieldError[]): void {
  const [first] = errors;
  if (first !== undefined) throw new ProblemError(code, `${first.path}: ${first.message}.`, { errors });
}
