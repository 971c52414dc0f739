/** The write side as a process of its own, so that a test can weigh it or have it killed. Ends with its parent. */
import { answerWeighing } from './weight.ts';
import { startWriteSide } from './write-side.ts';

/** Where this process kills itself, as `kill -9` would: `after-blob`, `after-append`, or nowhere. */
const dieAt = process.env['DIE_AT'];
const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};

const directory = process.env['DATA_DIR'];
const running = await startWriteSide({
  connectionString: process.env['EVENTSTORE_URL'] ?? '',
  ...(directory === undefined ? {} : { directory }),
  wrapBlobs: (blobs) => ({
    ...blobs,
    put: async (...args) => {
      const written = await blobs.put(...args);
      return dieAt === 'after-blob' ? die() : written;
    },
  }),
  wrapLog: (log) => ({
    ...log,
    append: async (stream, ...args) => {
      const appended = await log.append(stream, ...args);
      return dieAt === 'after-append' && stream.startsWith('job-') ? die() : appended;
    },
  }),
});
answerWeighing();
process.on('disconnect', () => void running.stop().finally(() => process.exit(0)));
process.send?.({ url: running.url, port: running.port });
