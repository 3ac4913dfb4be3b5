/** Where a small popover stands beside what it explains: below, above where there is no room below, and never outside the window. */
interface Box {
  left: number;
  top: number;
  bottom: number;
}

interface Size {
  width: number;
  height: number;
}

/** Between word and popover, and between popover and the window's edge, in px. */
const GAP = 6;
const EDGE = 8;

/** All in px of the window. */
export function placePopover(word: Box, popover: Size, view: Size): { left: number; top: number } {
  const below = word.bottom + GAP;
  const above = word.top - GAP - popover.height;
  const top = below + popover.height + EDGE > view.height && above >= EDGE ? above : below;
  return { left: Math.max(EDGE, Math.min(word.left, view.width - popover.width - EDGE)), top };
}
