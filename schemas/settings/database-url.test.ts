import { describe, expect, it } from '@jest/globals';
import { faultOfDatabaseUrl } from './database-url.ts';

describe('a connection string of Postgres', () => {
  it.each([
    'postgres://docket@127.0.0.1/docket',
    'postgresql://u:p%2Fw@db.example:6432/docket?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgres://u:p@[::1]:5432/docket',
    'postgres://docket@/docket?host=/var/run/postgresql',
    'postgres://u:p:w@host/docket',
  ])('%s is taken', (text) => {
    expect(faultOfDatabaseUrl(text)).toBeNull();
  });

  it.each([
    ['mysql://u:p@host/shop', 'must begin with postgres://'],
    ['host=127.0.0.1 user=docket dbname=docket', 'host=... user=...'],
    ['postgres://u:p@one:5432,two:5432/docket', 'several hosts'],
    ['postgres://u:se/cret@host/docket', '/ as %2F'],
    ['postgres://u:12/cret@host/docket', '/ as %2F'],
    ['postgres://u:se#cret@host/docket', '# as %23'],
    ['postgres://u:se?cret@host/docket', '? as %3F'],
    ['postgres://u:50%@host/docket', 'percent sign'],
    ['postgres://u:p@host:port/docket', 'host or port'],
  ])('%s is refused in words, without the password', (text, words) => {
    const fault = faultOfDatabaseUrl(text) ?? '';
    expect(fault).toContain(words);
    expect(fault).not.toContain('cret');
  });
});
