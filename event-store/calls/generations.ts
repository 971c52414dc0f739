import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  NotLeaderError,
  TimeoutError,
  UnavailableError,
} from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../runtime/log/log.ts';
import { outageLog } from '../../runtime/log/outage-log.ts';
import type { EventStoreUrl } from '../../schemas/settings/event-store-url.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { LogUnavailable, StoreUnusable } from '../errors.ts';
import { NoAnswer, within } from './no-answer.ts';
import { faultOf, isNoNode } from '../store-faults.ts';

/** The wait between a client that did not work and the next client. */
const OPEN_BACKOFF = { firstMs: 100, maxMs: 2_000 };

/** One client of a transport, numbered in the order of opening. */
export interface Generation<Client> {
  readonly client: Client;
  readonly number: number;
  /** The time of the first append since the last answer; null after an answer. */
  silentSinceMs: number | null;
}

/** Keeps one client at a time. It gives up a client that no longer answers, and replaces it. */
export interface Generations<Client> {
  /**
   * Returns the current client; during a replacement, waits for a client that works.
   * @throws LogUnavailable with the reason, when no client works within `ms`
   */
  current(ms: number, doing: string): Promise<Generation<Client>>;
  /**
   * Checks after an error or a silence whether a client still works. Gives a broken client up.
   * @returns false when the client is given up, now or before
   */
  doubt(generation: Generation<Client>, why: unknown): Promise<boolean>;
  /** Replaces the client, unless a newer client has already replaced it. */
  giveUp(generation: Generation<Client>, why: unknown): void;
  /** The error that a caller gets for an error of the client. */
  unavailable(doing: string, cause: unknown): LogUnavailable;
  close(): Promise<void>;
}

/** Opens, checks and closes the clients of one transport. */
export interface Transport<Client> {
  readonly url: EventStoreUrl;
  readonly log: Log;
  open(): Client;
  /**
   * Resolves when the client and its server work.
   * @param how.isFresh true when the client still has to find its server
   * @throws NoAnswer on silence, otherwise the error of the client or the server
   */
  ask(client: Client, how: { readonly isFresh: boolean }): Promise<void>;
  /** Ends all calls of a client that is given up, and releases its connection later. This takes a limited time. */
  discard(client: Client): Promise<void>;
  /** Ends all calls of the last client. This takes a limited time. */
  close(client: Client): Promise<void>;
  /** Opens a client for the first server alone, because a failed search for a leader gives no reason. */
  openForFirstHost(): Client;
}

/**
 * Keeps one working client. Only a silent connection needs a new client. After any other fault, a new client would
 * only lose time (ADR 0107). Nobody gets the new client before the streams of the old one have ended.
 */
export function openGenerations<Client>(transport: Transport<Client>): Generations<Client> {
  const { url, log } = transport;
  const outage = outageLog(log, 'a client of the event store was given up');
  const open = (number: number): Generation<Client> => ({
    client: transport.open(),
    number,
    silentSinceMs: null,
  });
  const closing = new AbortController();
  let generation = open(1);
  let replacing: Promise<void> | null = null;
  let doubting: { readonly number: number; readonly result: Promise<boolean> } | null = null;
  let lastFailure: unknown = new NoAnswer();

  /** Asks the first host directly, because a failed search for a leader gives no reason. */
  const whyOfFirstHost = async (otherwise: unknown): Promise<unknown> => {
    const client = transport.openForFirstHost();
    const why = await transport.ask(client, { isFresh: true }).then(
      () => otherwise,
      (error: unknown) => error,
    );
    await transport.discard(client);
    return why;
  };

  /** Opens one client after the other until one works. */
  const replace = async (failed: Generation<Client>): Promise<void> => {
    await transport.discard(failed.client);
    for (let failures = 1; !closing.signal.aborted; failures += 1) {
      generation = open(generation.number + 1);
      try {
        await transport.ask(generation.client, { isFresh: true });
        outage.worked();
        return;
      } catch (error) {
        if (isPassing(error)) return;
        lastFailure = isNoNode(error) ? await whyOfFirstHost(error) : error;
        outage.failed(new StoreUnusable(faultOf(lastFailure, url, 'opening a client')));
      }
      await transport.discard(generation.client);
      const waitMs = backoffDelayMs(OPEN_BACKOFF, failures, Math.random());
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };

  const giveUp = (failed: Generation<Client>, why: unknown): void => {
    if (failed.number !== generation.number || replacing) return;
    lastFailure = why;
    outage.failed(new StoreUnusable(faultOf(why, url, 'using a client')));
    replacing = replace(failed).finally(() => (replacing = null));
  };

  const unavailable = (doing: string, cause: unknown): LogUnavailable =>
    new LogUnavailable(doing, {
      cause,
      fault: cause instanceof NoAnswer ? null : faultOf(cause, url, doing),
    });

  const look = async (doubted: Generation<Client>, why: unknown): Promise<boolean> => {
    // The search for a leader has just failed, and `ask` would only repeat the search.
    if (isNoNode(why)) {
      giveUp(doubted, why);
      return false;
    }
    try {
      await transport.ask(doubted.client, { isFresh: false });
      return true;
    } catch (error) {
      // The client is not at fault when its server is away, because the client reconnects by itself.
      if (isPassing(error)) return true;
      giveUp(doubted, error instanceof NoAnswer ? why : error);
      return false;
    }
  };

  return {
    current: async (ms, doing) => {
      const untilMs = performance.now() + ms;
      while (replacing) {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0) throw unavailable(doing, lastFailure);
        await within(leftMs, replacing).catch(() => undefined);
      }
      return generation;
    },
    doubt: (doubted, why) => {
      if (doubted.number !== generation.number || replacing) return Promise.resolve(false);
      if (isPassing(why)) return Promise.resolve(true);
      if (doubting?.number !== doubted.number)
        doubting = {
          number: doubted.number,
          result: look(doubted, why).finally(() => (doubting = null)),
        };
      return doubting.result;
    },
    giveUp,
    unavailable,
    close: async () => {
      closing.abort();
      await replacing;
      await transport.close(generation.client);
    },
  };
}

/**
 * Errors for which the client is not replaced: the client itself reconnects or finds the leader, the server was slow,
 * or the server refused this user.
 */
const PASSING = [
  UnavailableError,
  CancelledError,
  TimeoutError,
  DeadlineExceededError,
  NotLeaderError,
  AccessDeniedError,
] as const;

function isPassing(error: unknown): boolean {
  if (PASSING.some((passing) => error instanceof passing)) return true;
  // gRPC's own codes for the same faults, before the client has named them: UNAVAILABLE and CANCELLED.
  const { code } = error as { code?: unknown };
  return code === 14 || code === 1;
}
