import { describe, expect, it } from '@jest/globals';
import { understood, checkFile } from './send-file.ts';
import {
  inReadingOrder,
  isUnderway,
  mayRetry,
  NO_UPLOADS,
  UPLOADS_MAX,
  withChosen,
  withPhase,
  withProgress,
  without,
} from './upload-list.ts';

const file = (filename: string, bytes = 1_000) => ({ filename, bytes, refusal: null });

describe('the list of uploads', () => {
  it('starts refused files refused and the others waiting', () => {
    const refusal = { code: 'NOT_PDF', again: false };
    const { uploads } = withChosen(NO_UPLOADS, [file('a'), { ...file('b'), refusal }], 'm');
    expect(uploads.map(({ phase }) => phase.name)).toEqual(['waiting', 'refused']);
    expect(uploads.map(isUnderway)).toEqual([true, false]);
  });

  it('is bounded, and says when files were left out', () => {
    const many = Array.from({ length: UPLOADS_MAX + 5 }, (_, index) => file(String(index)));
    const list = withChosen(NO_UPLOADS, many, 'm');
    expect(list.uploads).toHaveLength(UPLOADS_MAX);
    expect(list.overfull).toBe(true);
    expect(without(list, () => true)).toMatchObject({ uploads: [], overfull: false });
  });

  it('measures speed between progress events and turns to checking when every byte is out', () => {
    let list = withChosen(NO_UPLOADS, [file('a', 100_000)], 'm');
    list = withProgress(list, 1, 0, 0);
    list = withProgress(list, 1, 10_000, 1_000);
    expect(list.uploads[0]?.phase).toMatchObject({ name: 'sending', sent: 10_000, bytesPerSec: 10_000 });
    list = withProgress(list, 1, 30_000, 2_000);
    expect(list.uploads[0]?.phase).toMatchObject({ bytesPerSec: 13_000 });
    list = withProgress(list, 1, 100_000, 2_100);
    expect(list.uploads[0]?.phase).toEqual({ name: 'checking' });
  });

  it('puts problems first, and what waits last', () => {
    let list = withChosen(NO_UPLOADS, [file('waits'), file('moves'), file('fails')], 'm');
    list = withProgress(list, 2, 1, 0);
    list = withPhase(list, 3, { name: 'refused', code: 'NETWORK', message: '', again: true });
    expect(inReadingOrder(list.uploads).map(({ filename }) => filename)).toEqual(['fails', 'moves', 'waits']);
    expect(list.uploads.map(mayRetry)).toEqual([false, false, true]);
  });
});

describe('an answer to an upload', () => {
  const results = (result: object) =>
    JSON.stringify({ position: '1', results: [{ filename: 'a', ...result }] });

  it('is accepted, a duplicate, refused for good, or worth another try', () => {
    const jobId = 'j';
    expect(understood(202, results({ jobId, state: 'queued', deduplicated: false }), null)).toEqual({
      kind: 'accepted',
      jobId,
      deduplicated: false,
    });
    expect(understood(413, results({ error: { code: 'TOO_LARGE', message: 'm' } }), null)).toEqual({
      kind: 'refused',
      code: 'TOO_LARGE',
      message: 'm',
      again: false,
    });
    const quota = { usedBytes: 7, allowedBytes: 8 };
    expect(
      understood(507, results({ error: { code: 'QUOTA_EXCEEDED', message: 'm', quota } }), null),
    ).toEqual({ kind: 'refused', code: 'QUOTA_EXCEEDED', message: 'm', again: true, quota });
    expect(understood(503, JSON.stringify({ error: { code: 'UNAVAILABLE', message: 'm' } }), '7')).toEqual({
      kind: 'interrupted',
      code: 'UNAVAILABLE',
      waitMs: 7_000,
    });
  });

  it('that is no JSON at all is understood by its status', () => {
    expect(understood(502, '<html>Bad gateway</html>', null)).toMatchObject({ kind: 'interrupted' });
    expect(understood(400, 'no', null)).toMatchObject({ kind: 'refused', code: 'BAD_REQUEST', again: true });
  });
});

describe('a file before it is sent', () => {
  it('is refused only for what is certain', async () => {
    expect(await checkFile(new Blob([]), 50)).toMatchObject({ code: 'EMPTY' });
    expect(await checkFile(new Blob(['hello']), 50)).toMatchObject({ code: 'NOT_PDF' });
    expect(await checkFile(new Blob(['\uFEFF\n%PDF-1.7 and so on']), 50)).toBeNull();
    expect(await checkFile(new Blob(['%PDF-', new Uint8Array(1024 * 1024)]), 1)).toMatchObject({
      code: 'TOO_LARGE',
    });
    expect(await checkFile(new Blob(['%PDF-', new Uint8Array(1024 * 1024 - 5)]), 1)).toBeNull();
  });
});
