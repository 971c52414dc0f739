import type { Router } from 'express';
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';

/** Whether a service can do its work now; what it waits for is said by name. */
export interface Readiness {
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
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
