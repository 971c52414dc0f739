import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runDocket, type Ran } from '../harness/run-docket.ts';
import type { AttackResult } from './attack.ts';
import { CATEGORIES } from './list.ts';

const COMMAND = [join(import.meta.dirname, 'run.ts')];
const RUN_MS_MAX = 240_000;
const attacks = CATEGORIES.flatMap(({ attacks: each }) => each);

const runAttacks = (argv: readonly string[]): Promise<Ran> => runDocket(argv, {}, RUN_MS_MAX, COMMAND);

describe('the list of attacks', () => {
  it('names each once, by its id', () => {
    expect(attacks).toHaveLength(63);
    expect(attacks.filter(({ id }) => !/^A-[A-Z]{2}\d{2}$/.test(id))).toEqual([]);
    expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length);
  });
});

describe('`npm run attacks`', () => {
  it(
    'finds that Docket holds against every cheap attack, and has a line for each',
    async () => {
      const ran = await runAttacks(['--cheap', '--json']);
      const results = JSON.parse(ran.stdout) as AttackResult[];
      expect(results.filter(({ outcome }) => outcome === 'FAIL')).toEqual([]);
      expect(results.map(({ id }) => id)).toEqual(attacks.filter(({ cheap }) => cheap).map(({ id }) => id));
      for (const { evidence } of results) expect(evidence.length).toBeGreaterThan(10);
      expect(ran.code).toBe(0);
    },
    RUN_MS_MAX,
  );

  describe('against a server that takes everything', () => {
    let credulous: Server;
    beforeAll(async () => {
      credulous = createServer((request, response) => {
        request.resume().once('end', () => {
          response.writeHead(202, { 'Content-Type': 'application/json' });
          response.end('{"position":"1","results":[],"jobs":[]}');
        });
      });
      await new Promise<void>((resolve) => credulous.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => void credulous.close());

    it('says FAIL with what was found, and ends with 1', async () => {
      const { port } = credulous.address() as AddressInfo;
      const ran = await runAttacks(['--url', `http://127.0.0.1:${port}`, '--only', 'A-UP01,A-UP10']);
      const lines = ran.stdout.split('\n').filter((line) => /^A-UP(01|10) +FAIL /.test(line));
      expect([ran.code, lines.length]).toEqual([1, 2]);
      expect(ran.stdout).toContain('it is 400 NOT_PDF; found');
    });
  });

  it('refuses an attack that is not on the list, and an address of another machine', async () => {
    expect(await runAttacks(['--only', 'A-XX99'])).toMatchObject({ code: 2 });
    expect(await runAttacks(['--url', 'http://docket.example:8080'])).toMatchObject({ code: 2 });
  });
});
