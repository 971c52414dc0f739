import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { childRights } from './spawn-child.ts';

const SLOW_MS = 60_000;
const rights = childRights({ heapMb: 100, drawing: false });

describe('a converter child', () => {
  it.each([
    ['reading a file outside', "require('node:fs').readFileSync('/etc/passwd')"],
    ['writing a file', "require('node:fs').writeFileSync('/tmp/docket-child-was-here', 'x')"],
    ['starting a program', "require('node:child_process').execFileSync('true')"],
    ['starting a thread', "new (require('node:worker_threads').Worker)('1', { eval: true })"],
    ['the inner bindings of Node', "process.binding('tcp_wrap')"],
  ])('has no right to %s', (_, code) => {
    const ran = spawnSync(process.execPath, [...rights, '-e', code], { encoding: 'utf8' });
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain('ERR_ACCESS_DENIED');
  });
});

/**
 * Ways to reach a network from a process, as code that a child runs after it has closed its network. `PORT` is a port
 * that listens. Each resolves when it reaches something and throws when it does not.
 */
const WAYS_OUT: Readonly<Record<string, string>> = {
  'net.connect': `const { connect } = await import('node:net');
    await new Promise((resolve, reject) => connect(PORT, '127.0.0.1', resolve).once('error', reject));`,
  'a socket of its own': `const net = await import('node:net');
    await new Promise((resolve, reject) => new net.Socket().once('error', reject).connect(PORT, '127.0.0.1', resolve));`,
  'the built-in net': `const net = process.getBuiltinModule('net');
    await new Promise((resolve, reject) => net.createConnection(PORT, '127.0.0.1', resolve).once('error', reject));`,
  'a server': `const net = await import('node:net');
    await new Promise((resolve, reject) => net.createServer().once('error', reject).listen(0, '127.0.0.1', resolve));`,
  'http.get': `const http = await import('node:http');
    await new Promise((resolve, reject) => http.get({ port: PORT }, resolve).once('error', reject));`,
  'the client behind http': `const { ClientRequest } = process.getBuiltinModule('_http_client');
    await new Promise((resolve, reject) => new ClientRequest({ port: PORT }, resolve).once('error', reject).end());`,
  https: `const https = await import('node:https');
    https.get({ port: PORT }); throw await new Promise((resolve) => process.once('uncaughtException', resolve));`,
  http2: `const http2 = await import('node:http2');
    await new Promise((resolve, reject) => http2.connect('http://127.0.0.1:PORT', resolve).once('error', reject));`,
  tls: `const tls = await import('node:tls'); tls.connect({ port: PORT });`,
  fetch: `await fetch('http://127.0.0.1:PORT');`,
  WebSocket: `new WebSocket('ws://127.0.0.1:PORT');`,
  'dns.lookup': `const dns = await import('node:dns');
    await new Promise((resolve, reject) => dns.lookup('localhost', (error) => (error ? reject(error) : resolve())));`,
  'dns.resolve4': `const dns = await import('node:dns'); dns.resolve4('example.com', () => undefined);`,
  'dns promises': `const dns = await import('node:dns/promises'); await dns.lookup('localhost');`,
  'a resolver': `const { Resolver } = await import('node:dns/promises');
    const one = new Resolver(); one.setServers(['127.0.0.1:PORT']); await one.resolve4('example.com');`,
  udp: `const dgram = await import('node:dgram');
    const socket = dgram.createSocket('udp4'); await new Promise((resolve) => socket.send('x', PORT, '127.0.0.1', resolve));`,
  'a udp socket of its own': `const { Socket } = await import('node:dgram');
    await new Promise((resolve) => new Socket('udp4').send('x', PORT, '127.0.0.1', resolve));`,
  'a worker': `const { Worker } = await import('node:worker_threads');
    const code = 'import net from "node:net"; net.connect(PORT, "127.0.0.1", () => process.exit(7));';
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(code)));
    await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));`,
  'a program': `const { execFileSync } = await import('node:child_process'); execFileSync('true');`,
  'the debugger': `const inspector = await import('node:inspector'); inspector.open(0);`,
};

describe('the network of a converter child', () => {
  let listening: Server;
  let reached = 0;
  beforeAll(async () => {
    listening = createServer((socket) => {
      reached += 1;
      socket.destroy();
    });
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
  });
  afterAll(() => void listening.close());

  it.each(Object.keys(WAYS_OUT))(
    'is closed to %s, from inside and with its own flags',
    async (way) => {
      const { port } = listening.address() as AddressInfo;
      const close = new URL('./close-network.ts', import.meta.url).href;
      const code = `const { closeNetwork } = await import(${JSON.stringify(close)}); closeNetwork();
        try { ${WAYS_OUT[way]!.replaceAll('PORT', String(port))} } catch (error) { process.exit(99); }
        process.exit(0);`;
      const before = reached;
      const probe = spawn(process.execPath, [...rights, '--input-type=module', '-e', code], {
        stdio: 'ignore',
      });
      const [status] = (await once(probe, 'exit')) as [number | null];
      expect({ way, status, reached: reached - before }).toEqual({ way, status: 99, reached: 0 });
    },
    SLOW_MS,
  );
});
