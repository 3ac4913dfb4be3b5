/** A single-page app: every page draws itself in the browser from the HTTP API. */
export const ssr = false;
export const prerender = false;
