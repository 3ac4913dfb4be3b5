/** Keys of the Usage page: presets by letter, arrows step the range, Esc goes back from a zoom. */
import { isTyping } from '../keys.ts';
import { isoOf } from '../zone.ts';
import { PRESETS, stepped, type UsageView } from './view.ts';

const STEPS: Record<string, -1 | 1> = { ArrowLeft: -1, ArrowRight: 1 };

export function createUsageKeys(
  viewNow: () => UsageView,
  change: (changes: Record<string, string | null>) => void,
): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector('dialog[open], :popover-open') !== null) return;
    const view = viewNow();
    const preset = PRESETS.find(({ key }) => key === event.key);
    const step = STEPS[event.key];
    if (preset !== undefined && preset.id !== 'all') change({ range: preset.id, from: null, to: null, grain: null, zoom: null });
    else if (event.key === 'Escape' && view.zoomed) change({ zoom: null, grain: null });
    else if (step !== undefined) {
      const { from, to } = stepped(view, step);
      change({ range: null, zoom: null, from: isoOf(from), to: isoOf(to) });
    }
  };
}
