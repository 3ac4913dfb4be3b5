import { formatCount } from '../format.ts';

/** "3", "1,000+"; empty for none. */
export function countText({ count, isMore }: { count: number; isMore: boolean }): string {
  return count === 0 ? '' : `${formatCount(count)}${isMore ? '+' : ''}`;
}
