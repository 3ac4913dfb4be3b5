/** The keyboard: `?`, `/`, and `g` followed by a letter. Nothing happens while somebody types, or a dialog asks. */
import type { Destination } from './navigation.ts';

/** The letter must follow `g` within this time. */
const CHORD_MS = 1_200;

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

export interface KeyActions {
  /** The pages there are for whoever is here. */
  destinations: () => readonly Destination[];
  go: (href: string) => void;
  help: () => void;
}

/** What `/` goes to: the page's search, or the field it is filtered by. */
const SEARCH = 'main [data-search], main input[type="search"], main search input';

export function createKeyHandler({ destinations, go, help }: KeyActions): (event: KeyboardEvent) => void {
  let chordStarted = -CHORD_MS;
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector('dialog:modal') !== null) return;
    if (event.key === '?') return help();
    if (event.key === '/') return search(event);
    if (event.key === 'g') {
      chordStarted = event.timeStamp;
      return;
    }
    if (event.timeStamp - chordStarted > CHORD_MS) return;
    chordStarted = -CHORD_MS;
    const destination = destinations().find(({ key }) => key === event.key);
    if (destination === undefined) return;
    // The letter may also mean something on the page itself.
    event.stopImmediatePropagation();
    go(destination.href);
  };
}

function search(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLElement>(SEARCH);
  if (field === null) return;
  // The browser would type the stroke into the field, or open a search of its own.
  event.preventDefault();
  field.focus();
}
