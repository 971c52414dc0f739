import { writeSync } from 'node:fs';
import { pino, stdTimeFunctions, type Logger } from 'pino';
import type { Settings } from '../schemas/config.ts';
import { lineWriter } from './line-writer.ts';

export type Log = Logger;

const STDERR = 2;

/**
 * Structured log lines on stderr; stdout belongs to what a command prints. Nothing secret is ever passed in:
 * redaction is the second line of defence, not the first. A line that cannot be written is dropped and counted.
 */
export function createLog(service: string, level: Settings['LOG_LEVEL']): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      redact: ['req.headers.cookie', 'req.headers.authorization', '*.SESSION_SECRET'],
    },
    { write: lineWriter(service, (bytes) => writeSync(STDERR, bytes)) },
  );
}
