/** Light, dark, or as the system has it; kept in this browser only. */
const KEY = 'tallyline-theme';
const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(theme: Theme | null): void {
  try {
    if (theme === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing has the choice until the page is closed.
  }
}

class ThemeChoice {
  current = $state<Theme>('system');
  /** Grows with every change of colours, for what paints on a canvas. */
  revision = $state(0);

  load(): void {
    const stored = kept();
    this.choose(THEMES.find((theme) => theme === stored) ?? 'system');
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.revision += 1;
    });
  }

  choose(theme: Theme): void {
    this.current = theme;
    if (theme === 'system') {
      keep(null);
      delete document.documentElement.dataset['theme'];
    } else {
      keep(theme);
      document.documentElement.dataset['theme'] = theme;
    }
    this.revision += 1;
  }

  next(): void {
    this.choose(THEMES[(THEMES.indexOf(this.current) + 1) % THEMES.length] ?? 'system');
  }
}

export const theme = new ThemeChoice();
