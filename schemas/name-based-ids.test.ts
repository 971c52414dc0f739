import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { commandIdOf, eventIdOf, jobIdOf } from './name-based-ids.ts';

const NAMESPACE = '6f1d8f0e-3c57-5b0a-9a53-0d0c7e0a5d11';
const text = fc.string({ unit: 'binary' });

describe('Name-based ids', () => {
  it('are the UUIDs of version 5 that the package uuid makes, whatever the name holds', () => {
    fc.assert(
      fc.property(fc.array(text), (parts) => {
        expect(commandIdOf(...parts)).toBe(v5(JSON.stringify(['command', ...parts]), NAMESPACE));
      }),
    );
  });

  it('keep the values that they had in every log until now', () => {
    expect(jobIdOf('owner', { id: 'pt_simon_invoice_v1', version: 1 }, 'ab'.repeat(32))).toBe(
      '2c08dca1-834a-54a6-be8c-2c19cbbeab67',
    );
    expect(eventIdOf('a-command', 0)).toBe('e67da43d-3082-5517-904c-a21e07e996b0');
  });

  it('of a job differ with the parameters of its mapping, in whatever order they are given', () => {
    const of = (parameters?: Record<string, string>): string =>
      jobIdOf('owner', { id: 'schedule_ics_v1', version: 2, parameters }, 'ab'.repeat(32));
    expect(of({})).toBe(of());
    expect(of({ termStart: '2026-02-16', termEnd: '2026-06-12' })).toBe(
      of({ termEnd: '2026-06-12', termStart: '2026-02-16' }),
    );
    expect(new Set([of(), of({ termStart: 'a' }), of({ termStart: 'b' }), of({ termEnd: 'a' })]).size).toBe(
      4,
    );
  });
});
