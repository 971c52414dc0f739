import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { rulesTable } from './rules-table.ts';

const GUIDE = new URL('../../docs/gateway.md', import.meta.url);

describe('the guide to the gateway', () => {
  it('lists the rules of the finished document as they are', () => {
    const [, listed] =
      /<!-- rules:[^>]*-->\n([^]*?)\n<!-- \/rules -->/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
    expect(listed?.trim()).toBe(rulesTable());
  });
});
