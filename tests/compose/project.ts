import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './compose-files.ts';

const run = promisify(execFile);
/** The longest command builds the image: an install of packages and a build of the page. */
const COMMAND_MS_MAX = 1_200_000;
/** Number of characters of a failed command's output that are shown. */
const LINES_SAID_MAX = 30;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** The compose file as a separate project, in a copy of the checkout. Other projects on the engine are not affected. */
export interface Project {
  readonly folder: string;
  /** The name of the image that is built. */
  readonly image: string;
  /** The address at which people reach the edge. */
  readonly url: string;
  readonly port: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** The secrets by the name of their file. */
  secrets(): Record<string, string>;
  docker(args: readonly string[], input?: string): Promise<string>;
  compose(args: readonly string[], input?: string): Promise<string>;
  /** Lets Compose read these files together. Throws the faults that Compose reports. */
  config(files: readonly string[], settings: Readonly<Record<string, string>>): Promise<void>;
  /** Runs a script of `deploy/`. */
  script(name: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** The ids of the containers of a service that run. */
  containers(service: string): Promise<string[]>;
  /** Adds lines to `.env`. */
  set(lines: Readonly<Record<string, string>>): void;
  /** Removes everything: containers, volumes, networks, the image, the folder. Returns what remains. */
  remove(): Promise<string[]>;
}

/** Returns words about the Docker Engine with Compose; null when there is none. */
export async function findEngine(): Promise<string | null> {
  try {
    const { stdout: engine } = await run('docker', ['version', '--format', '{{.Server.Version}}']);
    const { stdout: compose } = await run('docker', ['compose', 'version', '--short']);
    return `Docker Engine ${engine.trim()} with Compose ${compose.trim()}`;
  } catch {
    // Without a client, a server or Compose, the files cannot be tried.
    return null;
  }
}

export async function openProject(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'docket-compose-'));
  await copyCheckout(folder);
  const name = `docket-check-${process.pid}`;
  const port = await freePort();
  const httpPort = await freePort();
  const httpsPort = await freePort();
  const env = { ...process.env, COMPOSE_PROJECT_NAME: name, DOCKET_VERSION: name, DOCKET_PORT: String(port) };
  const docker = (args: readonly string[], input?: string) => output('docker', args, input);
  async function output(command: string, args: readonly string[], input = '', more = {}): Promise<string> {
    const options = {
      cwd: folder,
      env: { ...env, ...more },
      timeout: COMMAND_MS_MAX,
      maxBuffer: OUTPUT_BYTES_MAX,
    };
    const running = run(command, args, options);
    running.child.stdin?.end(input);
    try {
      return (await running).stdout;
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string };
      const said = linesOf(stderr).slice(-LINES_SAID_MAX).join('\n');
      throw new Error(`${command} ${args.slice(0, 3).join(' ')}: ${said}`, { cause: error });
    }
  }
  const compose = (args: readonly string[], input?: string) => docker(['compose', ...args], input);
  const secretsFolder = join(folder, '.secrets');
  return {
    folder,
    port,
    httpPort,
    httpsPort,
    docker,
    compose,
    image: `docket:${name}`,
    url: `http://localhost:${port}`,
    secrets: () =>
      Object.fromEntries(
        readdirSync(secretsFolder).map((each) => [
          each,
          readFileSync(join(secretsFolder, each), 'utf8').trim(),
        ]),
      ),
    config: async (files, settings) => {
      const named = files.flatMap((file) => ['--file', file]);
      await output('docker', ['compose', ...named, 'config', '--quiet'], '', settings);
    },
    script: (script, args = [], more = {}) => output(join(folder, 'deploy', script), args, '', more),
    containers: async (service) => linesOf(await compose(['ps', '--quiet', service])),
    set: (lines) => {
      for (const [key, value] of Object.entries(lines))
        appendFileSync(join(folder, '.env'), `${key}=${value}\n`);
    },
    remove: async () => {
      await compose(['--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '30']);
      await docker(['image', 'rm', '--force', `docket:${name}`]);
      const label = `label=com.docker.compose.project=${name}`;
      const left = await Promise.all([
        docker(['ps', '--all', '--quiet', '--filter', label]),
        docker(['volume', 'ls', '--quiet', '--filter', label]),
        docker(['network', 'ls', '--quiet', '--filter', label]),
      ]);
      rmSync(folder, { recursive: true });
      return left.flatMap(linesOf);
    },
  };
}

/**
 * The files of the checkout that git knows, in their state on the disk. A person's `.env` and secrets are not among
 * them.
 */
async function copyCheckout(folder: string): Promise<void> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await run('git', args, { cwd: ROOT, maxBuffer: OUTPUT_BYTES_MAX });
  for (const file of stdout.split('\0').filter((each) => each !== '')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file), { verbatimSymlinks: true });
  }
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
