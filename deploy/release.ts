/**
 * `npm run release -- 0.3.0` moves the section [Unreleased] of CHANGELOG.md under the version and today's date. It
 * writes the version into package.json and package-lock.json, commits, and tags `v0.3.0`. It pushes nothing.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changelogOfRelease, versionAfter } from './changelog.ts';
import { sha256Of } from '../schemas/sha256.ts';

const ROOT = join(import.meta.dirname, '..');
const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

/** Writes the version into the first `"version"` of an npm file. The first one is the project's version. */
function writeVersion(file: string, from: string, to: string, times: number): void {
  let text = readFileSync(join(ROOT, file), 'utf8');
  for (let time = 0; time < times; time += 1)
    text = text.replace(`"version": "${from}"`, `"version": "${to}"`);
  writeFileSync(join(ROOT, file), text);
}

/** Records the hash of each migration, because nobody may edit a released migration; a test checks the hashes. */
function freezeMigrations(folder: string): void {
  const files = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.sql'));
  const lines = files.toSorted().map((file) => {
    const bytes = readFileSync(join(ROOT, folder, file));
    return `${sha256Of(bytes)}  ${file}\n`;
  });
  writeFileSync(join(ROOT, folder, 'SHA256SUMS'), lines.join(''));
}

const wanted = process.argv[2];
if (wanted === undefined) refuse('Name the version: npm run release -- 0.3.0');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const fault = versionAfter(version, wanted);
if (fault !== null) refuse(fault);
if (git('status', '--porcelain') !== '')
  refuse('Commit or remove your changes first: a release is what is committed.');
if (git('branch', '--show-current') !== 'main') refuse('A release is made on main.');
if (git('tag', '--list', `v${wanted}`) !== '') refuse(`The tag v${wanted} is there already.`);

const changelog = join(ROOT, 'CHANGELOG.md');
const today = new Date().toISOString().slice(0, 10);
const released = changelogOfRelease(readFileSync(changelog, 'utf8'), wanted, today);
if (released === null) refuse('CHANGELOG.md has nothing under [Unreleased].');
writeFileSync(changelog, released);
writeVersion('package.json', version, wanted, 1);
writeVersion('package-lock.json', version, wanted, 2);
for (const folder of ['read-tables/migrations', 'processor/migrations']) freezeMigrations(folder);
git('commit', '--all', '--message', `Release ${wanted}`);
git('tag', '--annotate', `v${wanted}`, '--message', `Docket ${wanted}`);
console.log(`v${wanted} is committed and tagged. Publish it: git push --follow-tags`);
