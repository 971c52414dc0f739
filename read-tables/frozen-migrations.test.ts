import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROCESSOR_MIGRATIONS } from '../processor/migrations/all.ts';
import { READ_TABLE_MIGRATIONS } from './migrate.ts';
import { sha256Of } from '../schemas/sha256.ts';

const ROOT = join(import.meta.dirname, '..');

describe.each([
  ['read-tables/migrations', READ_TABLE_MIGRATIONS],
  ['processor/migrations', PROCESSOR_MIGRATIONS],
])('the migrations in %s', (folder, migrations) => {
  const released = readFileSync(join(ROOT, folder, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n');

  it.each(released.map((line) => line.split(/ +/) as [string, string]))(
    'have %s as the hash of %s, which a database out there was made by',
    (hash, file) => {
      const bytes = readFileSync(join(ROOT, folder, file));
      expect(sha256Of(bytes)).toBe(hash);
    },
  );

  it('are SQL alone, which no change of the code can change', () => {
    const others = readdirSync(join(ROOT, folder)).filter((file) => !file.endsWith('.sql'));
    expect(others.filter((file) => file !== 'SHA256SUMS' && file !== 'all.ts')).toEqual([]);
    expect(migrations.every(({ up, down }) => up !== '' && down !== '')).toBe(true);
  });
});
