/** Following what was started to its end. */
import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from './client.ts';

/** Short work is seen at once, and what takes hours is asked about, and told of, every few seconds. */
const PAUSE_MS = { first: 100, factor: 1.3, longest: 5_000 };
/** Questions in a row without an answer: over a minute at the longest pause, enough for a restart that has to recover. */
const MISSED_MAX = 25;

/**
 * Asks until `isDone`, and says `describe` whenever that has changed. It has no end of its own: the work goes on at the server
 * whether anybody waits or not, and Ctrl-C ends the waiting only.
 */
export async function follow<T>(options: {
  ask: () => Promise<T>;
  isDone: (answer: T) => boolean;
  describe: (answer: T) => string;
  progress: (line: string) => void;
}): Promise<T> {
  let said: string | undefined;
  const say = (line: string) => {
    if (line !== said) options.progress(line);
    said = line;
  };
  let missed = 0;
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * PAUSE_MS.factor, PAUSE_MS.longest)) {
    try {
      const answer = await options.ask();
      missed = 0;
      if (options.isDone(answer)) return answer;
      say(options.describe(answer));
    } catch (error) {
      missed += 1;
      if (!(error instanceof ClientError && error.isPassing) || missed > MISSED_MAX) throw error;
      say(`waiting: ${error.message}`);
    }
    await delay(pauseMs);
  }
}
