/** Where a line of text may end. */

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Scripts written without spaces, in which a line may end after any character. */
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** Closing marks that must not begin a line. */
const CLOSING = /^[\s、。，．！？：；）」』】〉》ー…]/u;
const BREAKS_AFTER = /[\s/\\_@;|-]$/u;

/** The pieces between which a line may end; one that `isTooWide` falls apart into single characters. */
export function* breakPoints(text: string, isTooWide: (piece: string) => boolean): Generator<string> {
  let piece = '';
  const graphemes = Array.from(GRAPHEMES.segment(text), ({ segment }) => segment);
  for (const [i, grapheme] of graphemes.entries()) {
    piece += grapheme;
    const next = graphemes[i + 1];
    if (next !== undefined && !mayBreak(grapheme, next)) continue;
    if (isTooWide(piece)) for (const { segment } of GRAPHEMES.segment(piece)) yield segment;
    else yield piece;
    piece = '';
  }
}

function mayBreak(before: string, after: string): boolean {
  if (CLOSING.test(after)) return false;
  return BREAKS_AFTER.test(before) || IDEOGRAPHIC.test(before) || IDEOGRAPHIC.test(after);
}
