/** A call's end as a value, so that a page can show what failed in its place and keep the rest. */
import { goto } from '$app/navigation';
import { isEntry, signInAddress } from './access/sign-in.ts';
import { ApiError } from './api.ts';

export type Outcome<T> = { ok: true; value: T } | { ok: false; error: ApiError };

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({
    status: 0,
    code: 'page_fault',
    title: 'The page met something it did not expect',
    detail: error instanceof Error ? error.message : String(error),
  });
}

/** Never rejects. Whoever is not signed in, or not any more, is led to the sign-in page. */
export async function outcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    const failure = asApiError(error);
    if (failure.status === 401 && !isEntry(location.pathname)) await goto(signInAddress(location));
    return { ok: false, error: failure };
  }
}
