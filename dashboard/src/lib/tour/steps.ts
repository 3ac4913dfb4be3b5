/** The tour: what it says, on which page, and beside what. */
export interface TourStep {
  /** The page it speaks of. */
  href: string;
  /** What it stands beside: the first of these that can be seen. */
  anchor: string;
  title: string;
  text: string;
}

export const TOUR_STEPS: readonly TourStep[] = [
  {
    href: '/imports',
    anchor: 'main .equation',
    title: 'Every line is accounted for',
    text: 'New, already known, rejected: together they are the lines of the file. “Adds up” is said only after this sum was checked.',
  },
  {
    href: '/imports',
    anchor: 'main button[aria-label^="Undo "]',
    title: 'Nothing here is final',
    text: 'An import can be taken back. Undo first says what would change, and asks. What another file reported too stays.',
  },
  {
    href: '/usage?range=all',
    anchor: 'main table a[href^="/records"]',
    title: 'Every figure opens',
    text: 'A customer’s total leads to the records that it is the sum of. A bar of the chart does the same for its hour or day.',
  },
  {
    href: '/records',
    anchor: 'main table tbody tr',
    title: 'Down to the line of the file',
    text: 'Each record knows where it came from. Open one, and the line of its file stands there with the very cell marked.',
  },
  {
    href: '/records',
    anchor: '[data-tour="reconciliation"]',
    title: 'Can the numbers be trusted now?',
    text: 'Usage is kept in two stores, and these are compared again and again. The answer is here on every page; if an hour differs, it is named.',
  },
  {
    href: '/records',
    anchor: 'main h1',
    title: 'That is all',
    text: 'Words with dotted underlines explain themselves. Press ? for the keys; the tour starts again from there or from the navigation.',
  },
];
