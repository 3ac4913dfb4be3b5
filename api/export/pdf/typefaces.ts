/**
 * The fonts of a PDF, each embedded as the glyphs that were used: Noto Sans in the subsets its package comes in (Latin, Greek, Cyrillic,
 * Vietnamese, Devanagari), Arabic and Hebrew, and for everything else GNU Unifont, which draws nearly all of Unicode on a grid of
 * 16 × 16: plain, but readable, where fonts for Chinese, Japanese and Korean alone would take 75 MB.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type Weight = 400 | 700;

/** A file of a font, and the characters it may hold. */
interface FontFile {
  name: string;
  path: string;
  holds: (codePoint: number) => boolean;
}

/** In order of preference. `scripts`: the subsets to take from the package. */
const FAMILIES = [
  { family: 'noto-sans', scripts: ['latin', 'latin-ext', 'greek', 'greek-ext', 'cyrillic', 'cyrillic-ext', 'vietnamese', 'devanagari'] },
  { family: 'noto-sans-hebrew', scripts: ['hebrew'] },
  { family: 'noto-sans-arabic', scripts: ['arabic'] },
] as const;

const packages = createRequire(import.meta.url);

/** The fonts to look for a character in, of one weight. Opens no font, only the lists of what they hold. */
export function fontFiles(weight: Weight): FontFile[] {
  const files = FAMILIES.flatMap(({ family, scripts }) => {
    const ranges = JSON.parse(readFileSync(packages.resolve(`@fontsource/${family}/unicode.json`), 'utf8')) as Record<string, string>;
    return scripts.map((script) => ({
      name: `${family}-${script}-${weight}`,
      path: packages.resolve(`@fontsource/${family}/files/${family}-${script}-${weight}-normal.woff`),
      holds: rangesTest(ranges[script] ?? ''),
    }));
  });
  const last = {
    name: 'unifont',
    path: packages.resolve('@fontsource/unifontex/files/unifontex-latin-400-normal.woff'),
    holds: () => true,
  };
  return [...files, last];
}

/** `U+0000-00FF,U+0131` as a test of code points. */
function rangesTest(list: string): (codePoint: number) => boolean {
  const ranges = list.split(',').map((range) => {
    const [from = '', to = from] = range.replace('U+', '').split('-');
    return [parseInt(from, 16), parseInt(to, 16)] as const;
  });
  return (codePoint) => ranges.some(([from, to]) => from <= codePoint && codePoint <= to);
}
