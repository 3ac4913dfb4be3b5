/** View state lives in the URL: changing a filter is a navigation that keeps the place on the page. */
import { goto } from '$app/navigation';
import { page } from '$app/state';

/** Where a change that has not arrived yet leads. */
let underway: URL | null = null;

/**
 * Sets, replaces or (null) takes away parameters of the present page's URL.
 * A second change before the first has arrived adds to it: nothing that was chosen is lost.
 */
export async function changeParameters(changes: Record<string, string | null>, options: { replace?: boolean } = {}): Promise<void> {
  // The # stays: behind it is what a shared page is opened by.
  const target = new URL((underway?.pathname === page.url.pathname ? underway : page.url).href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') target.searchParams.delete(name);
    else target.searchParams.set(name, value);
  }
  underway = target;
  try {
    await goto(target, { reset: false, replace: options.replace ?? false });
  } finally {
    if (underway === target) underway = null;
  }
}
