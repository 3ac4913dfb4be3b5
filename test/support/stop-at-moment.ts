/**
 * Loaded into the program by NODE_OPTIONS=--import: puts it to sleep with SIGSTOP, once, at the moment that TALLYLINE_STOP_AT names.
 */
import { subscribe } from 'node:diagnostics_channel';
import { MOMENTS_CHANNEL } from '../../platform/moments.ts';

let isDone = false;

subscribe(MOMENTS_CHANNEL, (moment) => {
  if (isDone || moment !== process.env['TALLYLINE_STOP_AT']) return;
  isDone = true;
  process.kill(process.pid, 'SIGSTOP');
});
