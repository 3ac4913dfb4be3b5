/** Which line endings a file has. */
import type { Newline } from './declared-dialect.ts';

/**
 * The line endings that the head may have. Those inside quotes are content. Where a CR alone stands beside LFs, both end lines, or one of
 * them is a character in a cell: which, the width of the rows must tell.
 */
export function possibleNewlines(text: string, quote: string): { newlines: Newline[]; reason: string } {
  const all = count(text, '');
  const outside = kinds(all) > 1 && quote !== '' ? count(text, quote) : all;
  const { lf, crlf, cr } = kinds(outside) === 0 ? all : outside;
  const seen = `${describe({ lf, crlf, cr })} in its head`;
  if (cr === 0 && lf > 0 && crlf > 0) return { newlines: ['mixed'], reason: seen };
  if (cr === 0) return { newlines: [crlf > 0 ? 'CRLF' : 'LF'], reason: lf + crlf === 0 ? 'no line ends in its head' : seen };
  if (lf + crlf === 0) return { newlines: ['CR'], reason: seen };
  const byLf: Newline = crlf > lf ? 'CRLF' : 'LF';
  // Most lines end in what ends lines.
  if (crlf > 0 || lf > cr) return { newlines: [byLf, 'mixed'], reason: seen };
  return { newlines: lf === cr ? [byLf, 'CR', 'mixed'] : ['CR', 'mixed'], reason: seen };
}

interface Endings {
  lf: number;
  crlf: number;
  cr: number;
}

function count(text: string, quote: string): Endings {
  const endings: Endings = { lf: 0, crlf: 0, cr: 0 };
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === quote) quoted = !quoted;
    else if (quoted) continue;
    else if (character === '\n') endings.lf += 1;
    else if (character === '\r') {
      if (text[at + 1] === '\n') {
        endings.crlf += 1;
        at += 1;
      } else if (at + 1 < text.length) endings.cr += 1;
      else if (endings.lf + endings.crlf === 0) endings.cr += 1;
    }
  }
  return endings;
}

function kinds({ lf, crlf, cr }: Endings): number {
  return Math.sign(lf) + Math.sign(crlf) + Math.sign(cr);
}

function describe({ lf, crlf, cr }: Endings): string {
  const parts = [lf > 0 && `${lf} lines end in LF`, crlf > 0 && `${crlf} in CRLF`, cr > 0 && `${cr} in CR`].filter(
    (part) => part !== false,
  );
  return parts.join(', ');
}
