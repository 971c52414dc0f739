/** After a certain number of events, a long read lets all other calls run. */
import { setImmediate } from 'node:timers/promises';

/** Events that one read or subscription examines before other calls may run. */
export const TURN_EVENTS = 256;

export const yieldToOthers = (): Promise<void> => setImmediate();
