/** Where signing in happens, and where it leads back to. */

/** Pages for whoever is not signed in. */
const ENTRIES: readonly string[] = ['/sign-in', '/password', '/shared/invoice'];

export function isEntry(path: string): boolean {
  return ENTRIES.includes(path);
}

/** The sign-in page, which leads back to this address. */
export function signInAddress({ pathname, search }: { pathname: string; search: string }): string {
  const here = pathname + search;
  return here === '/' || isEntry(pathname) ? '/sign-in' : `/sign-in?to=${encodeURIComponent(here)}`;
}

/** Where a page of this site may lead after signing in: a path of its own, nothing else. */
export function localPath(text: string | null): string | undefined {
  if (text === null || !/^\/(?![/\\])/.test(text)) return undefined;
  const url = URL.parse(text, 'http://here.invalid');
  return url?.origin === 'http://here.invalid' && !url.pathname.startsWith('//') ? url.pathname + url.search : undefined;
}
