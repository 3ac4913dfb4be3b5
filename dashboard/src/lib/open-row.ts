/** A click anywhere in a row opens what the row stands for, unless it was meant for a control within it. */
import { goto } from '$app/navigation';

export function openRow(event: MouseEvent, href: string): void {
  if (event.target instanceof Element && event.target.closest('a, button, input, label') === null) void goto(href);
}
