/**
 * Puts the values of query parameters into a statement. The embedded engine has parameters of its own, but takes them as JavaScript
 * values, for the whole process, and so one query at a time; over HTTP they arrive as text in the escaped form of TabSeparated.
 */

/** `{name:Type}`; a type has brackets, commas and quotes, but no braces. */
const PLACEHOLDER = /\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g;

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0' };

/** A placeholder without a value stays, for the engine to complain of. */
export function bindParameters(sql: string, parameters: ReadonlyMap<string, string>): string {
  if (parameters.size === 0) return sql;
  return sql.replaceAll(PLACEHOLDER, (placeholder: string, name: string, type: string) => {
    const value = parameters.get(name);
    if (value === undefined) return placeholder;
    if (type === 'String') return literal(unescape(value));
    // The text of an array escapes inside its own quotes, and is parsed by the engine as a whole.
    return `CAST(${literal(value)} AS ${type})`;
  });
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
