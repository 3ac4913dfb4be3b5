/**
 * Loaded into the program by NODE_OPTIONS=--import: ends it with SIGKILL at the moment that the file TALLYLINE_KILL_FILE names, as
 * `moment:n` for its n-th time from then on. The file is taken away first, so that the next start lives.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync, rmSync } from 'node:fs';
import { MOMENTS_CHANNEL } from '../../../platform/moments.ts';

const file = process.env['TALLYLINE_KILL_FILE'];
let armed = '';
let times = 0;

function readOrder(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

if (file !== undefined) {
  subscribe(MOMENTS_CHANNEL, (moment) => {
    const order = readOrder(file);
    if (order !== armed) [armed, times] = [order, 0];
    const [name, nth] = order.split(':');
    if (name !== moment) return;
    times += 1;
    if (times < Number(nth)) return;
    rmSync(file);
    process.kill(process.pid, 'SIGKILL');
  });
}
