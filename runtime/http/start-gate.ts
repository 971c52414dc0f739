import type { RequestHandler } from 'express';
import type { Service } from '../service.ts';
import { ApiError } from './api-error.ts';

/** Shut until every service of the process has been ready at the same time once; it never shuts again. */
export interface StartGate {
  isOpen(): boolean;
  /** Answers 503 with what the start waits for while the gate is shut. */
  readonly middleware: RequestHandler;
}

/**
 * A request that comes before the services are ready would meet a store that is not there or tables that are not made.
 * After the first time each route answers for itself: a download needs no Postgres.
 */
export function startGate(services: readonly Service[]): StartGate {
  let open = false;
  const isOpen = (): boolean => (open ||= services.every((service) => service.readiness().ready));
  return {
    isOpen,
    middleware: (_req, _res, next) => {
      if (isOpen()) return next();
      const names = services.flatMap((service) =>
        service.readiness().waitingFor.map(({ dependency }) => dependency),
      );
      const what = [...new Set(names)].join(', ');
      throw new ApiError('UNAVAILABLE', `Docket is starting and waits for: ${what}. Try again in a moment.`);
    },
  };
}
