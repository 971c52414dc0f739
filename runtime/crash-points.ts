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
/** The steps of an upload (drill D10): bytes are on their way, the blob is stored, its events are in the log. */
export const UPLOAD_CRASH_POINTS = ['mid-upload', 'after-blob', 'after-upload-append'] as const;

/** The steps of a projection's batch (drill D11): the checkpoint is moved and no row written, all is committed. */
export const PROJECTION_CRASH_POINTS = ['before-rows', 'after-commit'] as const;

const ALL = [...CRASH_POINTS, ...UPLOAD_CRASH_POINTS, ...PROJECTION_CRASH_POINTS] as const;
export type CrashPoint = (typeof ALL)[number];

/**
 * Kills this very process with SIGKILL when `CRASH_AT` names the point; otherwise does nothing. With `CRASH_JOB`, only
 * for that job: a poison that kills whatever touches it. SIGKILL, since a drill must see what a power cut sees: no
 * handler runs, no buffer is flushed.
 */
export function crashPoint(name: CrashPoint, jobId?: string): void {
  if (process.env['CRASH_AT'] !== name) return;
  const poisoned = process.env['CRASH_JOB'];
  if (poisoned === undefined || poisoned === jobId) process.kill(process.pid, 'SIGKILL');
}

/**
 * Called once at the start. A crash point is a test hook, so production refuses it; a name that is no crash point is
 * refused too.
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
  if (!(ALL as readonly string[]).includes(asked))
    throw new SettingsRefused([`CRASH_AT must be one of ${ALL.join(', ')}`]);
}
