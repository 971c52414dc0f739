import type { Router } from 'express';
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';

/** One thing that a service needs and does not have at the moment. */
export interface WaitingFor {
  /** Its name, such as `event store`, `Postgres`, `gateway`, `blob store` or `read tables`. */
  readonly dependency: string;
  /** Its address without user and password; null when it has none. */
  readonly at: string | null;
  /** ISO 8601 instant in UTC since when it is waited for. */
  readonly since: string;
  /** The reason, as a sentence for a person. */
  readonly why: string;
  /** True when waiting does not help: somebody has to change a setting, a right or a certificate. */
  readonly final: boolean;
}

/** Whether a service can do its work now; what it waits for is said by name. */
export interface Readiness {
  readonly ready: boolean;
  /** Empty unless something is missing; a standby is ready and waits for its lease. */
  readonly waitingFor: readonly WaitingFor[];
}

/** A running service, as the process that composes it sees it. */
export interface Service {
  readonly name: string;
  /** Routes to mount at `/`, if the service has any. */
  readonly router?: Router;
  /** Takes over an HTTP upgrade; false when it is not for this service. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** Answers at once, whatever a dependency does (I14). */
  readiness(): Readiness;
  /** Finishes or gives back what is running, within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}
