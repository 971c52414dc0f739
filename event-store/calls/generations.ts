import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  NotLeaderError,
  TimeoutError,
  UnavailableError,
} from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../runtime/log.ts';
import { outageLog } from '../../runtime/outage-log.ts';
import type { EventStoreUrl } from '../../schemas/event-store-url.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { LogUnavailable, StoreUnusable } from '../errors.ts';
import { NoAnswer, within } from './no-answer.ts';
import { faultOf, isNoNode } from '../store-faults.ts';

/** The wait after a client that did not work, before the next one is opened. */
const OPEN_BACKOFF = { firstMs: 100, maxMs: 2_000 };

/** A client of some transport and its number in the row. */
export interface Generation<Client> {
  readonly client: Client;
  readonly number: number;
  /** When the first append since the last answer was sent; null once there is an answer. */
  silentSinceMs: number | null;
}

/** One client after the other: a client that stopped answering is given up and replaced, never shared. */
export interface Generations<Client> {
  /**
   * The client to use now; waits for a client that works while one is being replaced.
   * @throws LogUnavailable with what is wrong, when none works within `ms`
   */
  current(ms: number, doing: string): Promise<Generation<Client>>;
  /**
   * Looks whether a client still works after an error or a silence, and gives it up when it does not. The answer is
   * false when it was given up, now or before.
   */
  doubt(generation: Generation<Client>, why: unknown): Promise<boolean>;
  /** Replaces the client unless that has already happened since `generation`. */
  giveUp(generation: Generation<Client>, why: unknown): void;
  /** The error that a caller gets for what the client threw. */
  unavailable(doing: string, cause: unknown): LogUnavailable;
  close(): Promise<void>;
}

/** How clients of one transport are opened, asked and closed. */
export interface Transport<Client> {
  readonly url: EventStoreUrl;
  readonly log: Log;
  open(): Client;
  /**
   * Resolves when the client and its server work.
   * @param how.isFresh the client has yet to find its server
   * @throws NoAnswer on silence, otherwise what the client or the server said
   */
  ask(client: Client, how: { readonly isFresh: boolean }): Promise<void>;
  /** Ends everything that a client that is given up has under way, and lets its connection go in time; bounded. */
  discard(client: Client): Promise<void>;
  /** Ends everything that the last client has under way; bounded. */
  close(client: Client): Promise<void>;
  /** A client for the first server alone: the search for a leader keeps its reasons to itself. */
  openForFirstHost(): Client;
}

/**
 * Keeps one client that works. Only a connection that fell silent needs a fresh client; for every other fault that is a
 * loss (ADR 0107). Nobody gets the fresh client before the streams of the old one have ended.
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

  /** The search for a leader keeps its reasons to itself, so the first host is asked directly. */
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
    // The search for a leader has just failed: to ask would be to search again.
    if (isNoNode(why)) {
      giveUp(doubted, why);
      return false;
    }
    try {
      await transport.ask(doubted.client, { isFresh: false });
      return true;
    } catch (error) {
      // A server that is away is no fault of the client, which connects again by itself.
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
 * Faults that say nothing against a client: it connects anew or turns to the leader by itself, the server was slow, or
 * the server has refused this user.
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
  // The same, as gRPC says it before the client has given it a name: UNAVAILABLE, CANCELLED.
  const { code } = error as { code?: unknown };
  return code === 14 || code === 1;
}
