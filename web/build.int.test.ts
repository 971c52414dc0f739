import { describe, expect, it } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { builtWebApp } from '../tests/harness/built-web-app.ts';

const FIRST_LOAD_KB_MAX = 45;
/** Limit of what the operator's console and the job page may add to the first load, with all languages. */
const CONSOLE_KB_MAX = 40;

async function gzipKb(dist: string, paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map(async (path) => gzipSync(await readFile(join(dist, path)), { level: 9 }).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}

describe('the built web app', () => {
  it('loads at most 45 kB of compressed JavaScript for the user and 40 more for operators, and no language or page that is not shown', async () => {
    const dist = await builtWebApp();
    const html = await readFile(join(dist, 'index.html'), 'utf8');
    const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? '');
    const all = (await readdir(join(dist, 'assets'))).filter((name) => name.endsWith('.js'));
    expect(first.length).toBeGreaterThan(0);
    expect(all.length).toBeGreaterThan(first.length);
    expect(await gzipKb(dist, first)).toBeLessThanOrEqual(FIRST_LOAD_KB_MAX);
    const later = all.filter((name) => !first.includes(`assets/${name}`));
    for (const part of ['pt', 'job-page', 'reading', 'ops-page', 'ops-pt'])
      expect([part, later.filter((name) => name.startsWith(`${part}-`)).length]).toEqual([part, 1]);
    const consoleParts = later.filter((name) => !/^(pt|reading)-/.test(name));
    expect(
      await gzipKb(
        dist,
        consoleParts.map((name) => `assets/${name}`),
      ),
    ).toBeLessThanOrEqual(CONSOLE_KB_MAX);
  });

  it('holds no inline script or style, and nothing from elsewhere: the strict policy is enough for it [R18.01]', async () => {
    const dist = await builtWebApp();
    const html = await readFile(join(dist, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
    const styles = (await readdir(join(dist, 'assets'))).filter((name) => name.endsWith('.css'));
    for (const name of styles)
      expect(await readFile(join(dist, 'assets', name), 'utf8')).not.toMatch(/url\((?!#)|https?:/);
  });

  it('is not built again while its sources are the same', async () => {
    const dist = await builtWebApp();
    const before = await stat(join(dist, 'index.html'));
    await builtWebApp();
    expect((await stat(join(dist, 'index.html'))).mtimeMs).toBe(before.mtimeMs);
  });
});
