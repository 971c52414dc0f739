import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_ERRORS, ErrorBody } from '../../schemas/errors/error-codes.ts';
import { createLog } from '../log/log.ts';
import { createApp, endWithJsonErrors } from './app.ts';
import { HTTP_LIMITS, listen, type Listening } from './listen.ts';

let listening: Listening;
beforeAll(async () => {
  const limits = { ...HTTP_LIMITS, headersTimeoutMs: 500, checkedEveryMs: 250 };
  const app = createApp();
  endWithJsonErrors(app, createLog('test', 'silent'));
  listening = await listen(app, { host: '127.0.0.1', port: 0 }, limits);
});
afterAll(() => listening.close(0));

function answerTo(head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(listening.port, '127.0.0.1', () => socket.write(head));
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.on('error', reject).on('close', () => resolve(received));
  });
}

describe('a request whose head is refused is told a code of the list with its own status and a sentence', () => {
  it.each([
    ['REQUEST_TIMEOUT', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['HEADERS_TOO_LARGE', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['BAD_REQUEST', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n'],
    ['BAD_REQUEST', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['METHOD_NOT_ALLOWED', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['METHOD_NOT_ALLOWED', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['NOT_FOUND', 'GET / HTTP/1.0\r\nConnection: close\r\n\r\n'],
  ] as const)('%s: %.30j [A-HT01][A-UP12]', async (code, head) => {
    const [status, body = ''] = (await answerTo(head)).split('\r\n\r\n');
    const { error } = ErrorBody.parse(JSON.parse(body));
    expect(status).toMatch(new RegExp(`^HTTP/1.1 ${API_ERRORS[code].status} `));
    expect([error.code, error.message.length > 15]).toEqual([code, true]);
  });
});
