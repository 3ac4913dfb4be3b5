/**
 * Port: ClickHouse, the store of aggregates.
 *
 * Reads come in pages, because the embedded engine holds a whole result in memory; inserts are one block with a token,
 * so that they are all or nothing and may be repeated. Every driver passes `test/contract/clickhouse.contract.ts`.
 */

/** Rows a query may answer with. More is refused: page by customer ranges or by key. */
export const PAGE_ROWS_MAX = 50_000;

/** Rows of one insert. Up to about half a million rows stay one block and so one part; two blocks are not atomic. */
export const INSERT_ROWS_MAX = 500_000;

export interface ClickHouseQuery {
  /** Names the query in logs and in `system.query_log`. */
  name: string;
  /** SQL with typed placeholders, `{customer:String}`; values are only ever bound. */
  sql: string;
  params?: Record<string, string | number | readonly string[] | readonly number[]>;
}

export interface ClickHouseInsert {
  table: string;
  columns: readonly string[];
  /** Rows in TabSeparated format, each ending in a newline. */
  tsv: string;
  rows: number;
  /** Deduplication token: the same token twice inserts once. Never empty. */
  token: string;
}

export interface ClickHouse {
  /** 64-bit integers and decimals arrive as strings. */
  query<Row>(query: ClickHouseQuery): Promise<Row[]>;
  /** All or nothing; durable when it returns. After a throw it is unknown whether the rows are there. */
  insert(insert: ClickHouseInsert): Promise<void>;
  /** DDL and other statements without a result. */
  command(sql: string): Promise<void>;
  close(): Promise<void>;
}

export class PageTooLargeError extends Error {
  constructor(queryName: string, options?: ErrorOptions) {
    super(`ClickHouse query ${queryName} has more than ${PAGE_ROWS_MAX} rows: read it in pages`, options);
    this.name = 'PageTooLargeError';
  }
}
