import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A gateway in a separate process, as in production, so that its memory is measured without the bench's memory. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/**
 * Starts a gateway on a free port.
 * @throws when the process ends before it can convert
 */
export async function startGatewayProcess(children: number): Promise<GatewayProcess> {
  const main = fileURLToPath(new URL('../gateway/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--port', '0', '--children', String(children)], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    env: { ...process.env, EXIT_WITH_PARENT: '1' },
  });
  if (!child.stdout) throw new Error('the gateway has no output to say its port on');
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the gateway ended before it was ready');
    }),
  ])) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    close: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
