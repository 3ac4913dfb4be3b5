/**
 * Tallyline distributed on a machine without containers: `pm2 start ecosystem.config.cjs`. What all processes share (stores, broker, admin
 * key) comes from the environment that pm2 is started in; docs/operations.md lists it. One process per role, each on a port of its own.
 */
const { join } = require('node:path');
const { scripts } = require('./package.json');

/** The flags of `npm start`: they bound the memory. */
const nodeFlags = scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** More than the caps of all stop phases of a role together (120 s): what is killed earlier has to recover. */
const KILL_TIMEOUT_MS = 130_000;
/** A process that cannot reach its stores ends; the pauses until the next try grow to 15 s. */
const RESTART_PAUSE_MS = 500;

const role = (name, port, settings = {}) => ({
  name,
  cwd: __dirname,
  script: 'main.ts',
  args: ['--roles', name],
  // Node 24, whatever the machine's own is.
  interpreter: join(__dirname, 'node_modules/node/bin/node'),
  node_args: nodeFlags,
  exec_mode: 'fork',
  kill_timeout: KILL_TIMEOUT_MS,
  exp_backoff_restart_delay: RESTART_PAUSE_MS,
  env: { TALLYLINE_MODE: 'distributed', PORT: String(port) },
  ...settings,
});

module.exports = {
  apps: [
    role('ingest', 4001),
    role('api', 4002),
    role('dashboard', 4003),
    // Each on the next port, for its /health.
    role('consumers', 4010, { instances: 2, increment_var: 'PORT' }),
  ],
};
