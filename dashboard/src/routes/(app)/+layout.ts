import { redirect } from '@sveltejs/kit';
import { signInAddress } from '#lib/access/sign-in.ts';
import { ApiError, call } from '#lib/api.ts';
import type { Session } from '#lib/types.ts';
import type { LayoutLoad } from './$types.js';

/**
 * Who is signed in; nobody is sent to the sign-in page before anything else is asked for. Null while the server cannot tell, since a store
 * is away: each page then says for itself what it lacks, and the pipeline page which store it is.
 */
export const load: LayoutLoad = async ({ depends, url }): Promise<{ session: Session | null }> => {
  depends('tallyline:session');
  try {
    return { session: await call<Session>('/v1/session') };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) redirect(307, signInAddress(url));
    if (error instanceof ApiError && error.status >= 500) return { session: null };
    throw error;
  }
};
