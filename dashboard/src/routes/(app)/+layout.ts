import { redirect } from '@sveltejs/kit';
import { ApiError, call } from '#lib/api.ts';
import type { Session } from '#lib/types.ts';
import type { LayoutLoad } from './$types.js';

/** Who is signed in; nobody is sent to the sign-in page before anything else is asked for. */
export const load: LayoutLoad = async () => {
  try {
    return { session: await call<Session>('/v1/session') };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) redirect(307, '/sign-in');
    throw error;
  }
};
