import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLoopbackCertificate } from '../../event-store-server/access/certificate.ts';
import { timeLimit } from './machine-time.ts';

const LISTENING_MS_MAX = 20_000;
const OPERATIONS = join(import.meta.dirname, '..', '..', 'docs', 'operations.md');

export type ProxyProgram = 'caddy' | 'nginx';

/** Ports of loopback: the proxy with TLS, the proxy without TLS, and Docket. */
export interface ProxyPorts {
  readonly tls: number;
  readonly plain: number;
  readonly docket: number;
}

/** Starts a real reverse proxy with the settings of docs/operations.md. */
export interface ReverseProxy {
  stop(): Promise<void>;
}

/** True when the program is on the PATH. */
export function isInstalled(program: ProxyProgram): boolean {
  const asked = program === 'caddy' ? ['version'] : ['-v'];
  return spawnSync(program, asked, { stdio: 'ignore' }).status === 0;
}

/**
 * Starts a proxy with the lines of docs/operations.md, on other ports and with a certificate of the test. The plain
 * port has the same proxy without TLS.
 */
export async function startReverseProxy(program: ProxyProgram, ports: ProxyPorts): Promise<ReverseProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'docket-reverse-proxy-'));
  const { certificate, privateKey } = makeLoopbackCertificate();
  writeFileSync(join(folder, 'certificate.pem'), certificate);
  writeFileSync(join(folder, 'private-key.pem'), privateKey);
  const child = program === 'caddy' ? startCaddy(folder, ports) : startNginx(folder, ports);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const isOver = timeLimit(LISTENING_MS_MAX); ;) {
    if ((await listens(ports.tls)) && (await listens(ports.plain))) return { stop };
    if (child.exitCode !== null || isOver()) {
      await stop();
      throw new Error(`${program} does not listen: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Returns the block of this kind in docs/operations.md. */
function documented(kind: string): string {
  const block = new RegExp(`\`\`\`${kind}\\n([^]*?)\`\`\``).exec(readFileSync(OPERATIONS, 'utf8'))?.[1];
  if (block === undefined) throw new Error(`docs/operations.md has no block of ${kind}`);
  return block.replaceAll('127.0.0.1:8080', '127.0.0.1:DOCKET');
}

function startCaddy(folder: string, ports: ProxyPorts): ChildProcess {
  const site = documented('caddyfile').replace('DOCKET', String(ports.docket));
  const config = [
    // The test's own lines: no port for administration, no redirect on port 80.
    '{\n\tadmin off\n\tauto_https disable_redirects\n}',
    site.replace(
      'https://docket.example.org {',
      `https://localhost:${ports.tls} {\n\ttls ${join(folder, 'certificate.pem')} ${join(folder, 'private-key.pem')}`,
    ),
    site.replace('https://docket.example.org', `http://localhost:${ports.plain}`),
  ].join('\n');
  const file = join(folder, 'Caddyfile');
  writeFileSync(file, config);
  return spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
}

function startNginx(folder: string, ports: ProxyPorts): ChildProcess {
  const lines = documented('nginx').replace('DOCKET', String(ports.docket));
  const map = lines.slice(0, lines.indexOf('server {'));
  const server = lines.slice(lines.indexOf('server {'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${kind};`,
  );
  const config = [
    `pid ${join(folder, 'pid')};\nevents {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${map}`,
    server.replace('listen 443 ssl', `listen 127.0.0.1:${ports.tls} ssl`),
    server.replace('listen 443 ssl', `listen 127.0.0.1:${ports.plain}`),
    '}',
  ].join('\n');
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config);
  // The proxy runs as one process, which every user may start.
  const options = 'daemon off; master_process off;';
  return spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr', '-g', options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
