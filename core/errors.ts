/**
 * Every error a caller can meet, in one table: code → HTTP status, title, and whether the same call may succeed later.
 * Row and file faults of CSV files are data, not errors: see ingest/csv/faults.ts.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not well-formed', retriable: false },
  unauthenticated: { status: 401, title: 'Sign in or send an API key', retriable: false },
  invoice_link_invalid: { status: 401, title: 'The link to the invoice does not work', retriable: false },
  sign_in_link_invalid: { status: 401, title: 'The sign-in link does not work', retriable: false },
  sign_in_refused: { status: 401, title: 'E-mail address or password is not right', retriable: false },
  password_link_invalid: { status: 401, title: 'The link does not work', retriable: false },
  forbidden: { status: 403, title: 'Not allowed', retriable: false },
  not_found: { status: 404, title: 'Not found', retriable: false },
  method_not_allowed: { status: 405, title: 'Method not allowed', retriable: false },
  conflict: { status: 409, title: 'The state does not allow this', retriable: false },
  behind: { status: 409, title: 'The stores have not taken in all usage yet', retriable: true },
  import_running: { status: 409, title: 'An import of this customer has not ended', retriable: true },
  reconciliation_red: { status: 409, title: 'The stores disagree about an hour of this customer', retriable: false },
  period_not_over: { status: 409, title: 'The period is not over', retriable: false },
  import_invoiced: { status: 409, title: 'A final invoice uses rows of this import', retriable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retriable: false },
  request_timeout: { status: 408, title: 'The request came too slowly', retriable: true },
  unsupported_media_type: { status: 415, title: 'The body has a type that is not read here', retriable: false },
  unprocessable: { status: 422, title: 'The request cannot be carried out', retriable: false },
  empty_file: { status: 422, title: 'The file is empty', retriable: false },
  header_missing: { status: 422, title: 'The file has no header', retriable: false },
  duplicate_header: { status: 422, title: 'Two columns have one name', retriable: false },
  undetected_encoding: { status: 422, title: 'The encoding is not clear', retriable: false },
  undetected_delimiter: { status: 422, title: 'The delimiter is not clear', retriable: false },
  undetected_quote: { status: 422, title: 'The quote is not clear', retriable: false },
  undetected_escape: { status: 422, title: 'How quotes are escaped is not clear', retriable: false },
  undetected_newline: { status: 422, title: 'Where lines end is not clear', retriable: false },
  undetected_header: { status: 422, title: 'Whether there is a header is not clear', retriable: false },
  unsupported_encoding: { status: 422, title: 'The encoding is not read here', retriable: false },
  unsupported_dialect: { status: 422, title: 'The dialect is not read here', retriable: false },
  too_many_columns: { status: 422, title: 'The file has too many columns', retriable: false },
  record_too_large: { status: 422, title: 'A row is too large', retriable: false },
  unclosed_quote: { status: 422, title: 'A quote is never closed', retriable: false },
  id_not_unique: { status: 422, title: 'An id stands for more than one event', retriable: false },
  corrupt_gzip: { status: 422, title: 'The .gz is damaged', retriable: false },
  decompression_bomb: { status: 422, title: 'The .gz unpacks to too much', retriable: false },
  file_too_large: { status: 413, title: 'The file is too large', retriable: false },
  mapping_incomplete: { status: 422, title: 'The columns could not be matched', retriable: false },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key named another body', retriable: false },
  stream_gap: { status: 409, title: 'Lines of the stream are missing', retriable: false },
  too_many_streams: { status: 503, title: 'As many streams as can be are open', retriable: true },
  too_many_attempts: { status: 429, title: 'Too many attempts', retriable: true },
  sign_in_busy: { status: 503, title: 'As many people as can be are signing in', retriable: true },
  unacceptable_password: { status: 422, title: 'The password is not good enough', retriable: false },
  unknown_profile: { status: 422, title: 'No such profile', retriable: false },
  unknown_customer: { status: 422, title: 'No such customer', retriable: false },
  unknown_plan: { status: 422, title: 'No such plan', retriable: false },
  unknown_currency: { status: 422, title: 'Not an ISO 4217 currency', retriable: false },
  unknown_time_zone: { status: 422, title: 'Not an IANA time zone', retriable: false },
  currency_mismatch: { status: 422, title: 'Plan and customer have different currencies', retriable: false },
  invalid_plan: { status: 422, title: 'The plan is not sound', retriable: false },
  invalid_range: { status: 422, title: 'The range is empty or too long', retriable: false },
  upload_too_slow: { status: 408, title: 'The upload came too slowly', retriable: true },
  too_many_uploads: { status: 503, title: 'As many uploads as can be are arriving', retriable: true },
  upload_incomplete: { status: 400, title: 'The upload broke off', retriable: true },
  source_gone: { status: 410, title: 'The file is no longer kept', retriable: false },
  upload_in_progress: { status: 503, title: 'The first upload of this Idempotency-Key has not ended', retriable: true },
  too_many_requests: { status: 429, title: 'Too many calls', retriable: true },
  headers_too_large: { status: 431, title: 'The headers are too large', retriable: false },
  overloaded: { status: 503, title: 'The server is overloaded', retriable: true },
  stopping: { status: 503, title: 'The server is stopping', retriable: true },
  timed_out: { status: 503, title: 'The answer took too long', retriable: true },
  store_unavailable: { status: 503, title: 'A store cannot be reached', retriable: true },
  internal: { status: 500, title: 'Something went wrong here', retriable: true },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** JSON pointer-like path of the field, e.g. `prices/0/tiers/1/upTo`. */
  path: string;
  code: string;
  message: string;
}

/** An hour of a meter of a customer. */
export interface CellName {
  customer: string;
  meter: string;
  /** When it begins, RFC 3339 in UTC. */
  hour: string;
}

/** Thrown for the caller's sake; becomes `application/problem+json`. `detail` says what, where and how to mend it. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[] | undefined;
  /** What is at fault where it is no field of the request. */
  readonly cells: readonly CellName[] | undefined;
  /** When the same call may succeed, for the header `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: readonly FieldError[]; cells?: readonly CellName[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProblemError';
    this.code = code;
    this.errors = options.errors;
    this.cells = options.cells;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
