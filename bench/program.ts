/** The running program of a case, with what `--profile` asks for. */
import { startTallyline, type Tallyline } from '../test/support/tallyline.ts';

let profileDirectory: string | undefined;

/** From here on every program that is started writes its processor profile there when it ends. */
export function profileInto(directory: string | undefined): void {
  profileDirectory = directory;
}

/** For every process of the program. */
export function programEnvironment(): Record<string, string> {
  const profiling = profileFlags();
  return { TALLYLINE_LOG_LEVEL: 'warn', ...(profiling.length > 0 ? { NODE_OPTIONS: profiling.join(' ') } : {}) };
}

/** For scripts of the benchmark that are themselves what is measured. */
export function profileFlags(): string[] {
  return profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
}

/** Embedded, as `npm start` starts it. */
export function startProgram(dataDirectory: string, env: Record<string, string> = {}): Promise<Tallyline> {
  return startTallyline({ dataDirectory, env: { ...programEnvironment(), ...env } });
}
