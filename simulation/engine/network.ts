import type { Life, World } from './world.ts';

/** A request to a server that never loses its data: the log, the blobs, Postgres. */
export interface Request<T> {
  /** The name of the request in the trace. */
  readonly what: string;
  /** The effect on the server, at one instant. An error that it throws is the server's answer. */
  readonly effect: () => T;
  /** True when the request changes data. The simulation places crashes at changes. */
  readonly changes: boolean;
  /** True when the network may deliver the request twice, which never happens to a query of Postgres. */
  readonly mayRepeat?: boolean;
  /** Makes the caller's error when no answer arrives. */
  readonly unavailable: () => Error;
  readonly timeoutMs: number;
  /** Tells whether an answer gets a line in the trace. By default, only answers to changes get a line. */
  readonly isNews?: (answer: T) => boolean;
}

type Fate = 'arrives' | 'request-lost' | 'reply-lost' | 'late' | 'twice' | 'crash-before' | 'crash-after';

/**
 * Sends a request from one run of a process to a server. The request may take long, get lost on either way, arrive
 * twice, or arrive after its caller gave up. The caller may die directly before or after the effect. A request in
 * flight still arrives after its caller has died.
 */
export function ask<T>(world: World, life: Life, request: Request<T>): Promise<T> {
  const { random } = world;
  const fate = fateOf(world, request.changes, request.mayRepeat ?? false);
  const thereMs = latencyMs(world);
  return new Promise<T>((resolve, reject) => {
    const settle = (ms: number, then: () => void): void =>
      void world.later(ms, () => world.awake(life, then));
    const fail = (ms: number): void => settle(ms, () => reject(request.unavailable()));
    const say = (how: string): void => world.trace.say(life.name, () => `${request.what}${how}`);
    if (fate === 'request-lost') {
      say(': the request is lost');
      return fail(request.timeoutMs);
    }
    if (fate === 'late') fail(request.timeoutMs);
    const delayMs = fate === 'late' ? request.timeoutMs + random.between(1, 1_000) : thereMs;
    world.atServer(delayMs, () => {
      if (fate === 'crash-before') return world.crash(life, `before ${request.what}`);
      let then: () => void;
      try {
        const answer = request.effect();
        if (request.isNews?.(answer) ?? request.changes) say(fate === 'arrives' ? '' : ` (${fate})`);
        then = () => resolve(answer);
      } catch (error) {
        say(`: ${(error as Error).name}`);
        then = () => reject(error instanceof Error ? error : new Error(String(error)));
      }
      if (request.changes && random.chance(world.weather().freeze))
        world.freeze(life, random.between(1_000, 6_000));
      if (fate === 'twice') world.atServer(latencyMs(world), () => repeated(world, life, request));
      if (fate === 'crash-after') return world.crash(life, `after ${request.what}`);
      if (fate === 'reply-lost') return fail(request.timeoutMs);
      if (fate !== 'late') settle(latencyMs(world), then);
    });
  });
}

/** Delivers the second copy of a request. The server executes it again, and the answer is dropped. */
function repeated<T>(world: World, life: Life, request: Request<T>): void {
  try {
    request.effect();
    world.trace.say(life.name, () => `${request.what} (the second copy)`);
  } catch (error) {
    world.trace.say(life.name, () => `${request.what} (the second copy): ${(error as Error).name}`);
  }
}

function fateOf(world: World, changes: boolean, mayRepeat: boolean): Fate {
  const weather = world.weather();
  const at = world.random.next();
  const odds: readonly (readonly [Fate, number])[] = changes
    ? [
        ['request-lost', weather.lostRequest],
        ['reply-lost', weather.lostReply],
        ['late', weather.lateRequest],
        ['twice', mayRepeat ? weather.duplicate : 0],
        ['crash-before', weather.crashBefore],
        ['crash-after', weather.crashAfter],
      ]
    : [['request-lost', weather.lostRequest]];
  let sum = 0;
  for (const [fate, odd] of odds) {
    sum += odd;
    if (at < sum) return fate;
  }
  return 'arrives';
}

function latencyMs(world: World): number {
  const { random } = world;
  return random.chance(world.weather().slow) ? random.between(50, 1_500) : random.between(0.2, 6);
}
