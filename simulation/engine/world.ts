import { agenda, type Due } from './agenda.ts';
import { seeded, type Seeded } from './seeded.ts';
import { runInside, SIMULATED_EPOCH_MS, type Inside } from './simulated-time.ts';
import { trace, type Trace } from './trace.ts';
import { drawWeather, FAIR, type Weather } from './weather.ts';

/** One life of a process, from its start to its crash. After the crash, no code of this life runs. */
export interface Life {
  readonly name: string;
  readonly number: number;
  alive: boolean;
  /** The process is frozen until this time, as after SIGSTOP, while the rest of the world continues. */
  frozenUntilMs: number;
  readonly inside: Inside;
  /** The process's clock: the true time plus a constant error. */
  readonly clock: { now(): number };
}

/** A process that restarts after each crash. */
export interface Machine {
  readonly name: string;
  life: Life;
  /** True once the process will not start again. */
  stopped: boolean;
}

/** The time, randomness and processes of one run. */
export interface World {
  readonly random: Seeded;
  readonly trace: Trace;
  nowMs(): number;
  weather(): Weather;
  later(ms: number, run: () => void): Due;
  /** Runs a step of a server later. No process runs between this step and the next due one. */
  atServer(ms: number, run: () => void): Due;
  /** Starts a process, and restarts it some time after every crash. */
  start(name: string, boot: (life: Life) => void): Machine;
  /** Runs a step that is due in a process: now, after the end of its freeze, or never. */
  awake(life: Life, run: () => void): void;
  crash(life: Life, why: string): void;
  freeze(life: Life, ms: number): void;
  /** Ends a process without a restart. */
  stop(machine: Machine): void;
  crashes(): number;
  steps(): number;
  /** Ends all faults. */
  clearUp(): void;
  /** Reports a broken promise. The run continues, so that the trace shows what follows. */
  broken(promise: string, what: string): void;
  readonly violations: readonly string[];
  /**
   * Runs due steps until `done` returns true, no step is left, or the time is over. Returns the last result of `done`.
   */
  run(untilMs: number, done: () => boolean): Promise<boolean>;
}

const restartMs = { from: 50, to: 3_000 };
/** A world with more steps than this is in an endless loop. */
const STEPS_MAX = 400_000;

export function createWorld(seed: number, traced: boolean): World {
  const random = seeded(seed);
  const coming = agenda();
  const violations: string[] = [];
  let nowMs = 0;
  let steps = 0;
  let crashes = 0;
  let weather = drawWeather(random);
  const story = trace(() => nowMs, traced);
  const later = (ms: number, run: () => void): Due => coming.add(nowMs + ms, run);

  const awake = (life: Life, run: () => void): void => {
    if (!life.alive) return;
    if (life.frozenUntilMs > nowMs) later(life.frozenUntilMs - nowMs + random.next(), () => awake(life, run));
    else run();
  };

  const born = (name: string, number: number): Life => {
    const skewMs = Math.round((random.next() * 2 - 1) * weather.clockSkewMs);
    const life: Life = {
      name: `${name}#${number}`,
      number,
      alive: true,
      frozenUntilMs: 0,
      clock: { now: () => SIMULATED_EPOCH_MS + Math.floor(nowMs) + skewMs },
      inside: {
        nowMs: () => nowMs,
        random,
        later: (ms, run) => later(ms, () => awake(life, () => runInside(life.inside, run))),
      },
    };
    return life;
  };
  const boots = new Map<string, { machine: Machine; boot: (life: Life) => void }>();

  return {
    random,
    trace: story,
    violations,
    nowMs: () => nowMs,
    weather: () => weather,
    later,
    atServer: (ms, run) => coming.add(nowMs + ms, run, { quiet: true }),
    start: (name, boot) => {
      const machine: Machine = { name, life: born(name, 1), stopped: false };
      boots.set(name, { machine, boot });
      later(0, () => runInside(machine.life.inside, () => boot(machine.life)));
      return machine;
    },
    awake,
    freeze: (life, ms) => {
      if (!life.alive) return;
      life.frozenUntilMs = nowMs + ms;
      story.say(life.name, () => `stands still for ${Math.round(ms)} ms`);
    },
    crash: (life, why) => {
      if (!life.alive) return;
      life.alive = false;
      crashes += 1;
      story.say(life.name, () => `CRASHES ${why}`);
      const started = boots.get(life.name.split('#', 1)[0]!)!;
      later(random.between(restartMs.from, restartMs.to), () => {
        if (started.machine.stopped) return;
        started.machine.life = born(started.machine.name, life.number + 1);
        story.say(started.machine.life.name, () => 'starts again');
        runInside(started.machine.life.inside, () => started.boot(started.machine.life));
      });
    },
    stop: (machine) => {
      machine.stopped = true;
      machine.life.alive = false;
    },
    crashes: () => crashes,
    steps: () => steps,
    clearUp: () => {
      weather = FAIR;
      story.say('world', () => 'nothing goes wrong any more');
    },
    broken: (promise, what) => {
      if (violations.length >= 20) return;
      violations.push(`${promise}: ${what}`);
      story.say('PROMISE', () => `${promise} IS BROKEN: ${what}`);
    },
    run: (untilMs, done) =>
      new Promise((resolve, reject) => {
        const step = (): void => {
          try {
            for (let quiet = true; quiet;) {
              steps += 1;
              if (steps > STEPS_MAX) throw new Error(`The world did not settle within ${STEPS_MAX} steps.`);
              if (done()) return resolve(true);
              const next = coming.take();
              if (next === null) return resolve(false);
              if (next.atMs > untilMs) {
                coming.add(next.atMs, next.run, { quiet: next.quiet });
                return resolve(false);
              }
              nowMs = Math.max(nowMs, next.atMs);
              next.run();
              quiet = next.quiet;
            }
          } catch (error) {
            return reject(error instanceof Error ? error : new Error(String(error)));
          }
          afterEverything(step);
        };
        afterEverything(step);
      }),
  };
}

/**
 * A `process.nextTick` called in a microtask runs after all microtasks. By then everything that the last step started
 * has run.
 */
function afterEverything(run: () => void): void {
  queueMicrotask(() => process.nextTick(run));
}
