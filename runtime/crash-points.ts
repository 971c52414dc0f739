import { SettingsRefused } from './settings.ts';

/**
 * The steps of a conversion at which a drill may kill the processor (drills D01 to D09). The names are the drill
 * matrix's own.
 */
export const CRASH_POINTS = [
  'before-lease',
  'after-lease-append',
  'before-gateway',
  'during-gateway',
  'after-gateway',
  'mid-tmp',
  'after-rename',
  'before-ready-append',
  'after-ready-append',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/**
 * Kills this very process with SIGKILL when `CRASH_AT` names the point; otherwise does nothing. SIGKILL, since a drill
 * must see what a power cut sees: no handler runs, no buffer is flushed.
 */
export function crashPoint(name: CrashPoint): void {
  if (process.env['CRASH_AT'] === name) process.kill(process.pid, 'SIGKILL');
}

/**
 * Call once at start: a crash point is a test hook, so production refuses it, and so does a name that is none.
 * @throws SettingsRefused
 */
export function checkCrashPoint(
  environment: Readonly<Record<string, string | undefined>>,
  nodeEnv: 'development' | 'test' | 'production',
): void {
  const asked = environment['CRASH_AT'];
  if (asked === undefined || asked === '') return;
  if (nodeEnv === 'production')
    throw new SettingsRefused(['CRASH_AT is a test hook and is refused in production']);
  if (!(CRASH_POINTS as readonly string[]).includes(asked))
    throw new SettingsRefused([`CRASH_AT must be one of ${CRASH_POINTS.join(', ')}`]);
}
