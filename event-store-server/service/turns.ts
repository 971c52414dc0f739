/** After this many events a long read lets every other call run. */
import { setImmediate } from 'node:timers/promises';

/** Events one read or subscription considers before the others get their turn. */
export const TURN_EVENTS = 256;

export const yieldToOthers = (): Promise<void> => setImmediate();
