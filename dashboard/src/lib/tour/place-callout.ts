/** Where the tour's callout stands beside what it speaks of: below, above, to the right or the left, whichever has room first. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const GAP = 12;
const EDGE = 12;

/** All in px of the window. Without an anchor, and where no side has room, it stands in the lower right corner. */
export function placeCallout(
  anchor: Box | null,
  size: { width: number; height: number },
  view: { width: number; height: number },
): { left: number; top: number } {
  const corner = { left: view.width - size.width - EDGE, top: view.height - size.height - EDGE };
  if (anchor === null) return corner;
  const right = anchor.left + anchor.width;
  const bottom = anchor.top + anchor.height;
  const along = (start: number, length: number, whole: number) => Math.max(EDGE, Math.min(start, whole - length - EDGE));
  const left = along(anchor.left, size.width, view.width);
  const top = along(anchor.top, size.height, view.height);
  if (bottom + GAP + size.height + EDGE <= view.height) return { left, top: bottom + GAP };
  if (anchor.top - GAP - size.height >= EDGE) return { left, top: anchor.top - GAP - size.height };
  if (right + GAP + size.width + EDGE <= view.width) return { left: right + GAP, top };
  if (anchor.left - GAP - size.width >= EDGE) return { left: anchor.left - GAP - size.width, top };
  return corner;
}
