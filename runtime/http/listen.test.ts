import { Agent, get, type IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { listen } from './listen.ts';

/** Longer than a test may take: who waits for it has failed. */
const GRACE_MS = 600_000;

describe('a server that is closed', () => {
  it('waits for the answer in flight, and not for the connection that a proxy keeps after it', async () => {
    const asked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    const listening = await listen(
      (_request, response) => {
        asked.resolve();
        void mayAnswer.promise.then(() => response.end('done'));
      },
      { host: '127.0.0.1', port: 0 },
    );
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<IncomingMessage>((resolve, reject) =>
      get({ host: '127.0.0.1', port: listening.port, agent }, resolve).on('error', reject),
    );
    await asked.promise;
    const closed = listening.close(GRACE_MS);
    mayAnswer.resolve();
    const response = await answer;
    response.resume();
    await closed;
    expect(response.statusCode).toBe(200);
    agent.destroy();
  });
});
