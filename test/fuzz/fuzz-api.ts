/**
 * Every operation of the OpenAPI document is called with values that fit and values that do not, as every role and as nobody. Whatever comes
 * in, an answer has to come back, it is never a fault of ours, and says nothing of what is inside.
 */
import { request } from 'node:http';
import fc from 'fast-check';
import type { Installation } from './installation.ts';
import { callsOf, operationsOf, type Call, type OpenApiDocument, type Operation } from './operations.ts';
import { unstorableCallsOf, unstorableFault } from './unstorable.ts';

/** No call of these takes seconds, on a machine that has time for it. */
const ANSWER_MS_MAX = 90_000;
/** What is looked at of an answer. */
const ANSWER_BYTES_MAX = 1_000_000;
const CALLS_AT_A_TIME = 4;
/** With these the server says that it has enough to do, which is an answer. */
const FULL = /"code":"(too_many_uploads|too_many_streams|upload_in_progress)"/;
/** Stacks, statements, and names of what is behind the API. */
const INSIDE = /\n\s+at |node_modules|\.ts:\d+|syntax error at|relation "|duplicate key value|DB::Exception|Code: \d+\. |ECONN|pg_catalog/;

export interface FuzzReport {
  operations: number;
  calls: number;
  /** How many places of bodies were tried with text that no store can keep. */
  unstorable: number;
  /** How many calls were answered with which status. */
  statuses: Record<string, number>;
  findings: string[];
}

/** `runs`: calls of each operation. The same seed makes the same calls. */
export async function fuzzApi(installation: Installation, options: { seed: number; runs: number }): Promise<FuzzReport> {
  const { tallyline, known, credentials } = installation;
  const document = await tallyline.json<OpenApiDocument>('/openapi.json');
  const operations = operationsOf(document);
  const report: FuzzReport = { operations: operations.length, calls: 0, unstorable: 0, statuses: {}, findings: [] };
  // First, before there were too many calls of those that nobody has to sign in for.
  await tryUnstorable(installation, operations, document, { seed: options.seed, report });
  for (const [n, operation] of operations.entries()) {
    const calls = fc.sample(callsOf(operation, document, { known, credentials }), { seed: options.seed + n, numRuns: options.runs });
    const waiting = calls.values();
    await Promise.all(
      Array.from({ length: CALLS_AT_A_TIME }, async () => {
        for (const call of waiting) {
          const answer = await send(tallyline.url, call);
          report.calls += 1;
          report.statuses[answer.status] = (report.statuses[answer.status] ?? 0) + 1;
          const fault = faultOf(answer);
          if (fault !== undefined) report.findings.push(`${describe(call, fault)}${logged(tallyline.output(), answer.text)}`);
        }
      }),
    );
  }
  // The process that answered the last call is the one that was started.
  const alive = await tallyline.fetch('/health/ready').then(({ status }) => status, String);
  if (alive !== 200) report.findings.push(`afterwards /health/ready says ${alive}`);
  return report;
}

async function tryUnstorable(
  { tallyline, known, credentials }: Installation,
  operations: readonly Operation[],
  document: OpenApiDocument,
  { seed, report }: { seed: number; report: FuzzReport },
): Promise<void> {
  const headers = credentials['admin'] ?? {};
  for (const operation of operations)
    for (const call of unstorableCallsOf(operation, document, { known, headers, seed })) {
      const answer = await send(tallyline.url, call);
      report.unstorable += 1;
      const fault = faultOf(answer) ?? unstorableFault(call, answer);
      if (fault !== undefined) report.findings.push(describe(call, fault));
    }
}

interface Answer {
  status: number;
  type: string;
  text: string;
  /** Why there was none. */
  error: string | undefined;
}

function faultOf({ status, type, text, error }: Answer): string | undefined {
  if (error !== undefined) return error;
  if (status >= 500 && !FULL.test(text)) return `${status} ${text.slice(0, 500)}`;
  if (status < 400) return undefined;
  if (!type.startsWith('application/problem+json')) return `${status} is told as ${type}: ${text.slice(0, 200)}`;
  return INSIDE.test(text) ? `${status} tells of what is inside: ${text.slice(0, 500)}` : undefined;
}

function send(url: string, { method, target, headers, body }: Call): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const fail = (error: string) => resolve({ status: 0, type: '', text: '', error });
    const sent = request({
      hostname,
      port,
      method,
      path: target,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    sent.on('response', (response) => {
      const type = response.headers['content-type'] ?? '';
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = () => {
        resolve({ status: response.statusCode ?? 0, type, text: Buffer.concat(chunks).toString(), error: undefined });
        // Feeds never end, and of a file its beginning is enough.
        sent.destroy();
      };
      response.on('error', (error) => fail(`the answer broke off: ${error.message}`));
      response.on('end', done);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) done();
      });
      if (type.startsWith('text/event-stream')) done();
    });
    sent.on('error', (error) =>
      fail(error.name === 'TimeoutError' || error.name === 'AbortError' ? 'no answer came' : `no answer: ${error.message}`),
    );
    sent.end(body);
  });
}

function describe({ operation, role, method, target, headers, body }: Call, fault: string): string {
  const type = headers['content-type'];
  const what =
    body === undefined
      ? ''
      : `\n  ${type ?? ''} ${JSON.stringify(body.subarray(0, 400).toString())}${body.length > 400 ? ` … ${body.length} bytes` : ''}`;
  return `${operation} as ${role}: ${method} ${target.slice(0, 400)}${what}\n  ${fault}`;
}

/** What the log has under the id of the answer. */
function logged(output: string, answer: string): string {
  const [, id] = /"requestId":"([^"]+)"/.exec(answer) ?? [];
  const lines = output.split('\n').filter((line) => id !== undefined && line.includes(id));
  return lines.map((line) => `\n  ${line.slice(0, 2_000)}`).join('');
}
