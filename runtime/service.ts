import type { Router } from 'express';
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';

/** A dependency that a service waits for, without the time at which the wait began. */
export type WaitingNow = Pick<WaitingFor, 'dependency' | 'why'> & Partial<Pick<WaitingFor, 'at' | 'final'>>;

/**
 * Returns a function that adds to each dependency the instant at which the wait began. The instant stays the same while
 * the dependency stays in the list.
 *
 * @param now milliseconds since the Unix epoch
 */
export function waitingList(
  now: () => number = Date.now,
): (waiting: readonly WaitingNow[]) => readonly WaitingFor[] {
  let since: ReadonlyMap<string, string> = new Map();
  return (waiting) => {
    const instant = new Date(now()).toISOString();
    since = new Map(waiting.map(({ dependency }) => [dependency, since.get(dependency) ?? instant]));
    return waiting.map(({ dependency, why, at = null, final = false }) => ({
      dependency,
      at,
      why,
      final,
      since: since.get(dependency) ?? instant,
    }));
  };
}

/** One dependency that a service needs and cannot use at the moment. */
export interface WaitingFor {
  /** The name of the dependency: `event store`, `Postgres`, `gateway`, `blob store` or `read tables`. */
  readonly dependency: string;
  /** The address of the dependency without user and password; null for a dependency without an address. */
  readonly at: string | null;
  /** ISO 8601 instant in UTC at which the wait began. */
  readonly since: string;
  /** The reason, as a sentence for a person. */
  readonly why: string;
  /** True when waiting cannot help, because somebody must change a setting, a right or a certificate. */
  readonly final: boolean;
}

/** Tells whether a service can do its work now, and which dependencies it waits for. */
export interface Readiness {
  readonly ready: boolean;
  /** The missing dependencies. A standby is ready although it waits for its lease. */
  readonly waitingFor: readonly WaitingFor[];
}

/** A running service, as the process that contains it sees it. */
export interface Service {
  readonly name: string;
  /** Routes to mount at `/`, if any. */
  readonly router?: Router;
  /** Handles an HTTP upgrade; returns false when it is for another service. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** Returns at once, whatever a dependency does (I14). */
  readiness(): Readiness;
  /** Finishes the running work or returns it to the log, within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}
