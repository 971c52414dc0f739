import { setTimeout as sleep } from 'node:timers/promises';
import type { Service, WaitingFor } from '../../runtime/service.ts';
import { PlainFailure } from '../plain-failure.ts';

/** A refusal must hold for so long: a store that is just starting may not know its users yet. */
const HOPELESS_AFTER_MS = 4_000;
const LOOK_EVERY_MS = 200;

/**
 * Watches a start: rejects when a service waits for something that waiting does not change, and resolves when `isOver`.
 * @throws PlainFailure with where and why
 */
export async function endHopelessStart(services: readonly Service[], isOver: () => boolean): Promise<void> {
  let sinceMs: number | null = null;
  while (!isOver()) {
    const hopeless = services.flatMap((each) => each.readiness().waitingFor).find(({ final }) => final);
    if (hopeless === undefined) sinceMs = null;
    else if (performance.now() - (sinceMs ??= performance.now()) > HOPELESS_AFTER_MS) throw failure(hopeless);
    await sleep(LOOK_EVERY_MS, undefined, { ref: false });
  }
}

function failure({ dependency, at, why }: WaitingFor): PlainFailure {
  const where = at === null ? '' : ` at ${at}`;
  return new PlainFailure('CANNOT_BE_READY', `The ${dependency}${where} will not serve Docket: ${why}`);
}
