/** View state lives in the URL: changing a filter is a navigation that keeps the place on the page. */
import { goto } from '$app/navigation';
import { page } from '$app/state';

/** Sets, replaces or (null) takes away parameters of the present page's URL. */
export function changeParameters(changes: Record<string, string | null>, options: { replace?: boolean } = {}): Promise<void> {
  const parameters = new URLSearchParams(page.url.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  const text = parameters.toString();
  return goto(`${page.url.pathname}${text === '' ? '' : `?${text}`}`, { reset: false, replace: options.replace ?? false });
}
