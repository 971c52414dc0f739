import { spawn, type ChildProcess } from 'node:child_process';
import type { GatewayLog } from '../log/gateway-log.ts';

/**
 * What a tiny shell does: it keeps the process ids it is told, and when its input ends, which it does with this
 * process however that ends, it kills them. It ignores the signals of a terminal.
 */
const SCRIPT = `trap '' INT TERM HUP
pids=' '
while read -r sign pid; do
  case $sign in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
[ -z "\${pids## }" ] || kill -9 $pids 2>/dev/null`;

/** Ends children with this process, even when it is killed and they are too busy to notice. */
export interface ParentWatch {
  add(pid: number): void;
  /** The child is gone, and its id may soon be another's. */
  remove(pid: number): void;
  close(): void;
}

/**
 * Starts the watch as a process of its own. A thread in each child could do the same, but a child that may start
 * threads may start one with a network (ADR 0117).
 */
export function openParentWatch(log: GatewayLog): ParentWatch {
  const known = new Set<number>();
  let shell: ChildProcess | undefined;
  let closed = false;
  const tell = (line: string): void => {
    if (shell?.stdin?.writable === true) shell.stdin.write(`${line}\n`);
  };
  const start = (): void => {
    // A group of its own: Ctrl-C at a terminal is not for it.
    const started = spawn('/bin/sh', ['-c', SCRIPT], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    shell = started;
    started.stdin.on('error', () => undefined);
    started.once('error', (error) =>
      log.warn({ err: error }, 'children do not end with a gateway that is killed while they are busy'),
    );
    started.once('exit', () => {
      if (!closed) setTimeout(() => closed || start(), RESTART_AFTER_MS).unref();
    });
    started.unref();
    (started.stdin as { unref?: () => void }).unref?.();
    for (const pid of known) tell(`+ ${pid}`);
  };
  start();
  return {
    add: (pid) => {
      known.add(pid);
      tell(`+ ${pid}`);
    },
    remove: (pid) => {
      if (known.delete(pid)) tell(`- ${pid}`);
    },
    close: () => {
      closed = true;
      shell?.stdin?.end();
    },
  };
}

/** A watch that somebody killed is started again, at a measured pace. */
const RESTART_AFTER_MS = 1_000;
