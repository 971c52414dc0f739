import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_ERROR_CODES, JOB_FAILURE_CODES } from '../schemas/errors/error-codes.ts';
import { settingsTable } from './commands/settings.ts';

const read = (...path: string[]) => readFileSync(join(import.meta.dirname, '..', ...path), 'utf8');

describe('the documents say what the schemas say', () => {
  it("the README's table of settings is the schema's [R34.02]", () => {
    const [, table] =
      /<!-- settings:[^\n]*-->\n([\s\S]*?)\n<!-- \/settings -->/.exec(read('README.md')) ?? [];
    expect(table?.trim()).toBe(settingsTable());
  });

  it('docs/errors.md has every code', () => {
    const page = read('docs', 'errors.md');
    for (const code of [...API_ERROR_CODES, ...JOB_FAILURE_CODES]) expect(page).toContain(`\`${code}\``);
  });
});
