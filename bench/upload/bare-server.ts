/**
 * The minimum that a server can do with an upload. It receives the body, hashes it and writes it to a file, which is
 * on disk before the answer. It has no forms, no limits and no jobs. It ends with its parent process.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { answerWeighing } from '../../tests/rooms/command-api/weight.ts';

const folder = await mkdtemp(join(tmpdir(), 'docket-bare-upload-'));
let files = 0;

const server = createServer((request, response) => {
  const hash = createHash('sha256');
  files += 1;
  const file = createWriteStream(join(folder, String(files)), { flush: true });
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  pipeline(request, file).then(
    () => {
      const answer = hash.digest('hex');
      response.writeHead(202, { 'Content-Type': 'text/plain', 'Content-Length': answer.length }).end(answer);
    },
    (error: unknown) => response.destroy(error as Error),
  );
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}`, port });
});
answerWeighing();
process.on(
  'disconnect',
  () => void rm(folder, { recursive: true, force: true }).finally(() => process.exit(0)),
);
