/** A long read gives way: after this many events every other call gets its turn. */
import { setImmediate } from 'node:timers/promises';

/** Events one read or subscription considers before the others get their turn. */
export const TURN_EVENTS = 256;

export const yieldToOthers = (): Promise<void> => setImmediate();
