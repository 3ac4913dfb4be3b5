/** What a step of the tour stands beside, which may still be on its way. */
const LOOK_MS = 150;
/** A page whose data has not come by then is explained without it. */
const WAIT_MS_MAX = 12_000;

/** The first element that can be seen; null when there is none in time, or `signal` ends the wait. */
export async function findAnchor(selector: string, signal: AbortSignal): Promise<HTMLElement | null> {
  const end = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const found = [...document.querySelectorAll<HTMLElement>(selector)].find((element) => element.getClientRects().length > 0);
    if (found !== undefined) return found;
    if (signal.aborted || performance.now() > end) return null;
    await new Promise((settle) => setTimeout(settle, LOOK_MS));
  }
}
