import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { Settings } from '../schemas/config.ts';

export type Log = Logger;

/**
 * Structured log lines on stderr; stdout belongs to what a command prints. Nothing secret is ever passed in:
 * redaction is the second line of defence, not the first.
 */
export function createLog(service: string, level: Settings['LOG_LEVEL']): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      redact: ['req.headers.cookie', 'req.headers.authorization', '*.SESSION_SECRET'],
    },
    destination({ fd: 2, sync: true }),
  );
}
