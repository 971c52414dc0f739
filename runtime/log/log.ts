import { writeSync } from 'node:fs';
import { pino, stdTimeFunctions, type Logger } from 'pino';
import type { Settings } from '../../schemas/settings/config.ts';
import { lineWriter } from './line-writer.ts';

export type Log = Logger;

const STDERR = 2;

/**
 * Writes structured log lines to stderr, because stdout belongs to the output of a command. Callers never pass
 * secrets; redaction is only a second protection. A line that cannot be written is dropped and counted.
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
