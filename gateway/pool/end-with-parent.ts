import { spawn, type ChildProcess } from 'node:child_process';
import type { GatewayLog } from '../log/gateway-log.ts';

/**
 * A shell script that reads process ids from its input. The input ends when this process ends, for whatever reason.
 * The script then kills the processes with these ids. It ignores the signals of a terminal.
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

/**
 * Ends the children when this process ends. This works even when this process is killed and the children are too busy
 * to notice.
 */
export interface ParentWatch {
  add(pid: number): void;
  /** Forgets a child that has ended, because the system may soon give its id to another process. */
  remove(pid: number): void;
  close(): void;
}

/**
 * Starts the watch as a separate process. A thread in each child could watch too. But a child with the right to start
 * threads could start one with network access (ADR 0117).
 */
export function openParentWatch(log: GatewayLog): ParentWatch {
  const known = new Set<number>();
  let shell: ChildProcess | undefined;
  let closed = false;
  const tell = (line: string): void => {
    if (shell?.stdin?.writable === true) shell.stdin.write(`${line}\n`);
  };
  const start = (): void => {
    // The watch has its own process group, so Ctrl-C at a terminal does not reach it.
    const started = spawn('/bin/sh', ['-c', SCRIPT], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    shell = started;
    started.stdin.on('error', () => undefined);
    started.once('error', (error) =>
      log.warn(
        { err: error },
        'the watch that ends children with the gateway has failed; busy children outlive a gateway that is killed',
      ),
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

/** Time after which a watch that ended is started again. */
const RESTART_AFTER_MS = 1_000;
