import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { JobListQuery } from '../../schemas/protocols/http-api.ts';
import { openPlace, sealPlace } from './list-cursor.ts';
import { listBinding, listStatement } from './list-query.ts';

const anna = { owner: 'anna', asOf: null };
const parse = (query: Record<string, unknown>) => JobListQuery.safeParse(query);
const statement = (query: Record<string, unknown>) => listStatement(anna, JobListQuery.parse(query), null);

describe('the list query', () => {
  it.each([
    { sort: 'created_at;drop table jobs' },
    { state: "' OR '1'='1" },
    { limit: '-1' },
    { limit: '1e9' },
    { limit: '201' },
    { limit: '' },
    { __proto__x: '1' },
    { 'a[__proto__][x]': '1' },
    { state: ['ready', 'failed'] },
    { mapping: '../x' },
    { errorCode: 'NOPE' },
    { atLeast: '-1' },
    { after: 'x'.repeat(3_000) },
  ])('refuses %j [A-SQ01][A-PP01]', (query) => {
    expect(parse(query).success).toBe(false);
  });

  it('puts nothing of a request into the text of a statement [A-SQ01]', () => {
    const { text, values } = statement({ search: "x' or 1=1 --", mapping: 'pt_simon_invoice_v1' });
    expect(text).not.toContain('1=1');
    expect(values).toContain("%x' or 1=1 --%");
  });

  it('searches for % and _ as they are', () => {
    expect(statement({ search: '100%_\\' }).values).toContain('%100\\%\\_\\\\%');
  });

  it('always asks for the owner first', () => {
    expect(statement({}).text).toContain('where owner = $1');
    expect(statement({}).values[0]).toBe('anna');
  });
});

describe('a list cursor', () => {
  const key = [randomBytes(32)] as const;
  const place = { value: '2026-10-01 12:00:00.001+00', jobId: '0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11' };
  const bound = listBinding(anna, JobListQuery.parse({ state: 'ready' }));

  it('opens to the place it was made of, file names of 400 characters included', () => {
    expect(openPlace(key, bound, sealPlace(key, bound, place))).toEqual(place);
    const long = { ...place, value: '語'.repeat(400) };
    const cursor = sealPlace(key, bound, long);
    expect(openPlace(key, bound, cursor)).toEqual(long);
    expect(parse({ after: cursor }).success).toBe(true);
  });

  it('is worthless to another owner, for another filter, another sort, another moment, and as a live token [A-SQ01]', () => {
    const cursor = sealPlace(key, bound, place);
    const others = [
      listBinding({ ...anna, owner: 'bert' }, JobListQuery.parse({ state: 'ready' })),
      listBinding({ ...anna, asOf: 7n }, JobListQuery.parse({ state: 'ready' })),
      listBinding(anna, JobListQuery.parse({ state: 'failed' })),
      listBinding(anna, JobListQuery.parse({ state: 'ready', sort: 'created' })),
    ];
    for (const other of others) expect(openPlace(key, other, cursor)).toBeNull();
    expect(openPlace(key, bound, `${cursor}A`)).toBeNull();
  });
});
