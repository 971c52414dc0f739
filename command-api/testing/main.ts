/** The write side as a process of its own, so that a test can weigh it or kill it. Ends with its parent. */
import { startWriteSide } from './write-side.ts';

const running = await startWriteSide({
  connectionString: process.env['EVENTSTORE_URL'] ?? '',
  env: { MAX_UPLOAD_MB: '50' },
});
process.on('message', (asked: unknown) => {
  if (asked !== 'weigh') return;
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  process.send?.({
    rssBytes: process.memoryUsage.rss(),
    cpuMs: (cpu.user + cpu.system) / 1000,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
  });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: running.url, port: running.port, blobDirectory: running.blobDirectory });
