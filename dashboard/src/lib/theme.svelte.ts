/** Light, dark, or as the system has it; kept in this browser only. */
const KEY = 'tallyline-theme';
const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

class ThemeChoice {
  current = $state<Theme>('system');
  /** Grows with every change of colours, for what paints on a canvas. */
  revision = $state(0);

  load(): void {
    const stored = localStorage.getItem(KEY);
    this.choose(THEMES.find((theme) => theme === stored) ?? 'system');
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.revision += 1;
    });
  }

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === 'system') {
      localStorage.removeItem(KEY);
      delete document.documentElement.dataset['theme'];
    } else {
      localStorage.setItem(KEY, theme);
      document.documentElement.dataset['theme'] = theme;
    }
    this.revision += 1;
  }

  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.current) + 1) % THEMES.length] ?? 'system');
  }
}

export const theme = new ThemeChoice();
