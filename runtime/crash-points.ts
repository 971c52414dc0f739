import { SettingsRefused } from './settings/settings.ts';

/**
 * The steps of a conversion at which a drill may kill the processor (drills D01 to D09). The list of drills uses the
 * same names.
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
/** The steps of an upload (drill D10): bytes are arriving, the blob is stored, the events are in the log. */
export const UPLOAD_CRASH_POINTS = ['mid-upload', 'after-blob', 'after-upload-append'] as const;

/**
 * The steps of a projection's batch (drill D11): after the move of the checkpoint and before any row, and after the
 * commit.
 */
export const PROJECTION_CRASH_POINTS = ['before-rows', 'after-commit'] as const;

const ALL = [...CRASH_POINTS, ...UPLOAD_CRASH_POINTS, ...PROJECTION_CRASH_POINTS] as const;
export type CrashPoint = (typeof ALL)[number];

// Both are read once, because each look at the environment calls the system's `getenv`, several times a job.
const CRASH_AT = process.env['CRASH_AT'];
const CRASH_JOB = process.env['CRASH_JOB'];

/**
 * Kills this process with SIGKILL when `CRASH_AT` names the point. With `CRASH_JOB`, it kills the process only at
 * that job, like a document that kills every worker. SIGKILL imitates a power cut: no handler runs, and no buffer is
 * flushed.
 */
export function crashPoint(name: CrashPoint, jobId?: string): void {
  if (CRASH_AT !== name) return;
  if (CRASH_JOB === undefined || CRASH_JOB === jobId) process.kill(process.pid, 'SIGKILL');
}

/**
 * Checks the settings of crash points, once at the start. Production refuses them, because they are test hooks. An
 * unknown name is refused too.
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
