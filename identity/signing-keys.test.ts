import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadSigningSecrets } from './signing-keys.ts';

describe('the signing secrets', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'docket-identity-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are made once, however many processes start together, and only their user may read them', async () => {
    const starts = Array.from({ length: 10 }, () => loadSigningSecrets({ DATA_DIR: folder }));
    const loaded = new Set((await Promise.all(starts)).map((secrets) => secrets.join()));
    expect(loaded.size).toBe(1);
    expect(await readdir(folder)).toEqual(['session-keys']);
    expect((await stat(join(folder, 'session-keys'))).mode & 0o777).toBe(0o600);
    expect(await loadSigningSecrets({ DATA_DIR: folder })).toEqual([[...loaded][0]]);
  });

  it('are rotated by a new line in front', async () => {
    const [old] = await loadSigningSecrets({ DATA_DIR: folder });
    const fresh = 'n'.repeat(40);
    await writeFile(join(folder, 'session-keys'), `${fresh}\n${old}\n`);
    expect(await loadSigningSecrets({ DATA_DIR: folder })).toEqual([fresh, old]);
  });

  it('come from SESSION_SECRET when it is set, several separated by commas, and nothing is written', async () => {
    const SESSION_SECRET = `${'a'.repeat(32)},${'b'.repeat(32)}`;
    const secrets = await loadSigningSecrets({ DATA_DIR: folder, SESSION_SECRET });
    expect(secrets).toEqual(['a'.repeat(32), 'b'.repeat(32)]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('are refused when they are short or none, and the message holds no secret', async () => {
    await writeFile(join(folder, 'session-keys'), 'short-secret\n');
    const refused = await loadSigningSecrets({ DATA_DIR: folder }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SIGNING_SECRETS_REFUSED' });
    expect(String(refused)).not.toContain('short-secret');
    await writeFile(join(folder, 'session-keys'), '');
    await expect(loadSigningSecrets({ DATA_DIR: folder })).rejects.toMatchObject({
      code: 'SIGNING_SECRETS_REFUSED',
    });
    expect(await readFile(join(folder, 'session-keys'), 'utf8')).toBe('');
  });
});
