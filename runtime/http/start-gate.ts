import type { RequestHandler } from 'express';
import type { Service } from '../service.ts';
import { ApiError } from './api-error.ts';

/**
 * Makes the gate. Before the services are ready, a request could meet a missing store or table. After that, each
 * route decides whether it can answer. For example, a download needs no Postgres.
 */
export function startGate(services: readonly Service[]) {
  let open = false;
  const isOpen = (): boolean => (open ||= services.every((service) => service.readiness().ready));
  /** The answer before the services are ready: 503, with the dependencies that the start waits for. */
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
    middleware: ((_req, _res, next) => {
      if (!isOpen()) throw refusal();
      next();
    }) satisfies RequestHandler,
  };
}

/**
 * Refuses requests until all services of the process have been ready at the same time once. From then on the gate
 * stays open.
 */
export type StartGate = ReturnType<typeof startGate>;
