import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { Settings } from '../../schemas/settings/config.ts';
import { AttemptFailed } from '../gateway-call/gateway-failure.ts';
import {
  failuresIn,
  isBroken,
  withCall,
  type FailureWindow,
  afterFailure,
  afterSuccess,
  fullRamp,
  restarted,
  type Ramp,
} from './breaker-policy.ts';
import { overdueCalls } from './overdue-calls.ts';

export type GateState = 'closed' | 'open' | 'half-open';

/** The events that the gate reports to the processor. */
export interface GateEvents {
  readonly onPaused: (failures: number, lastCode: string) => void;
  readonly onResumed: (pausedMs: number) => void;
  /** Called when the processor may claim more jobs. */
  readonly onRoom: () => void;
}

/** The circuit breaker before the gateway. It also limits the number of conversions that the processor may run. */
export interface GatewayGate {
  state(): GateState;
  /** Returns the number of jobs that the processor may claim while `running` run. */
  room(running: number): number;
  /**
   * Makes a call through the breaker.
   * @throws AttemptFailed GW_UNREACHABLE, final, when the breaker is open and BREAKER_OPEN_MODE is fail_fast
   */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** Number of calls to which the gateway has not answered for a long time. */
  overdue(): number;
  stop(): void;
}

type Call = () => Promise<unknown>;

/** opossum keeps the duration of each call until it begins a new period of its statistics, which Docket does not use. */
const STATISTICS_PERIOD_MS = 1_000;

/**
 * Opens the gate with opossum, which keeps the state and its timer. `breaker-policy.ts` decides when to open. Each call
 * has its own AbortSignal as time limit, because opossum's limit leaves the socket open.
 */
export function gatewayGate(parts: {
  settings: Pick<
    Settings,
    | 'WORKER_CONCURRENCY'
    | 'GATEWAY_TIMEOUT_MS'
    | 'BREAKER_FAILURES'
    | 'BREAKER_RESET_MS'
    | 'BREAKER_OPEN_MODE'
  >;
  healthy: () => Promise<boolean>;
  events: GateEvents;
  now: () => number;
}): GatewayGate {
  const { settings, healthy, events, now } = parts;
  const queues = settings.BREAKER_OPEN_MODE === 'queue';
  let ramp: Ramp = fullRamp(settings.WORKER_CONCURRENCY);
  let window: FailureWindow = [];
  let pausedAt: number | null = null;
  let lastCode = '';
  /** True in the half-open state after the gateway answered `GET /health`, so one job may try. */
  let answersHealth = false;

  // The periods begin with the calls. A timer would wake an idle process every second (ADR 0202).
  const periods = new EventEmitter();
  let periodBeganMs = now();
  const beginPeriod = (): void => {
    if (now() - periodBeganMs < STATISTICS_PERIOD_MS) return;
    periodBeganMs = now();
    periods.emit('rotate');
  };

  const breaker = new CircuitBreaker((call: Call) => call(), {
    rotateBucketController: periods,
    timeout: false,
    resetTimeout: settings.BREAKER_RESET_MS,
    // This disables opossum's own rule for opening while closed. A failed trial in the half-open state still opens the
    // breaker.
    volumeThreshold: Number.MAX_SAFE_INTEGER,
    errorThresholdPercentage: 100,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    errorFilter: (error: unknown) => !(error instanceof AttemptFailed && error.countsAgainstGateway),
  });
  breaker.on('success', () => {
    ramp = afterSuccess(ramp);
    window = withCall(window, now(), 'answered');
    events.onRoom();
  });
  const failed = (code: string): void => {
    lastCode = code;
    ramp = afterFailure(ramp);
    window = withCall(window, now(), 'failed');
    if (breaker.closed && isBroken(window, settings.BREAKER_FAILURES)) breaker.open();
  };
  breaker.on('failure', (error: unknown) =>
    failed(error instanceof AttemptFailed ? error.code : 'GW_UNREACHABLE'),
  );
  const overdue = overdueCalls({
    timeoutMs: settings.GATEWAY_TIMEOUT_MS,
    healthy,
    onUnanswered: () => {
      if (breaker.closed) failed('GW_TIMEOUT');
      // The one trial job hangs too, so the breaker opens again.
      else if (breaker.halfOpen && answersHealth) breaker.open();
    },
  });
  breaker.on('open', () => {
    answersHealth = false;
    if (pausedAt !== null) return;
    pausedAt = now();
    events.onPaused(failuresIn(window), lastCode);
  });
  breaker.on('halfOpen', () => {
    void healthy().then((answered) => {
      if (!breaker.halfOpen) return;
      if (!answered) return breaker.open();
      answersHealth = true;
      events.onRoom();
    });
  });
  breaker.on('close', () => {
    const pausedMs = pausedAt === null ? 0 : now() - pausedAt;
    pausedAt = null;
    window = [];
    ramp = restarted(ramp);
    events.onResumed(pausedMs);
    events.onRoom();
  });

  const state = (): GateState => (breaker.closed ? 'closed' : breaker.halfOpen ? 'half-open' : 'open');
  return {
    state,
    room: (running) => {
      if (breaker.closed) return Math.max(0, ramp.limit - running);
      if (!queues) return Math.max(0, ramp.full - running);
      return breaker.halfOpen && answersHealth && running === 0 ? 1 : 0;
    },
    run: async <T>(call: () => Promise<T>): Promise<T> => {
      // A job that was claimed just before the breaker opened already has its lease, so the gate lets the job try.
      if (queues && !breaker.closed && !(breaker.halfOpen && answersHealth)) return overdue.watch(call);
      if (!queues && breaker.halfOpen && !answersHealth) throw paused();
      beginPeriod();
      try {
        return (await breaker.fire(() => overdue.watch(call))) as T;
      } catch (error) {
        if (CircuitBreaker.isOurError(error as Error)) throw paused(error);
        throw error;
      }
    },
    overdue: () => overdue.count(),
    stop: () => breaker.shutdown(),
  };
}

function paused(cause?: unknown): AttemptFailed {
  return new AttemptFailed(
    'GW_UNREACHABLE',
    'The gateway is failing, and conversions are refused until it recovers.',
    {
      cause,
      final: true,
    },
  );
}
