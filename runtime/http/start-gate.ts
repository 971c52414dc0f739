import type { RequestHandler } from 'express';
import type { Service } from '../service.ts';
import { ApiError } from './api-error.ts';

/** Shut until every service of the process has been ready at the same time once; it never shuts again. */
export interface StartGate {
  isOpen(): boolean;
  /** What is answered while the gate is shut: 503 with what the start waits for. */
  refusal(): ApiError;
  readonly middleware: RequestHandler;
}

/**
 * A request that comes before the services are ready would meet a store that is not there or tables that are not made.
 * After the first time each route answers for itself: a download needs no Postgres.
 */
export function startGate(services: readonly Service[]): StartGate {
  let open = false;
  const isOpen = (): boolean => (open ||= services.every((service) => service.readiness().ready));
  const refusal = (): ApiError => {
    const names = services.flatMap((service) =>
      service.readiness().waitingFor.map(({ dependency }) => dependency),
    );
    const what = [...new Set(names)].join(', ');
    return new ApiError('UNAVAILABLE', `Docket is starting and waits for: ${what}. Try again in a moment.`);
  };
  return {
    isOpen,
    refusal,
    middleware: (_req, _res, next) => {
      if (!isOpen()) throw refusal();
      next();
    },
  };
}
