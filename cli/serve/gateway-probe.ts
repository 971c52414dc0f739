import { get } from 'node:http';
import { get as tlsGet } from 'node:https';

/** Longest wait for an answer to `GET /health`. */
const ANSWER_MS_MAX = 2_000;

/** Returns a probe that resolves when `GET /health` of a gateway answers 200, and rejects with the reason otherwise. */
export function gatewayProbe(gatewayUrl: string): () => Promise<void> {
  const base = new URL(gatewayUrl);
  const address = new URL(`${base.pathname.replace(/\/$/, '')}/health`, base);
  const send = base.protocol === 'https:' ? tlsGet : get;
  return () =>
    new Promise<void>((done, reject) => {
      const asking = send(
        address,
        { agent: false, signal: AbortSignal.timeout(ANSWER_MS_MAX) },
        (response) => {
          response.once('error', reject);
          response.resume().once('end', () => {
            if (response.statusCode === 200) done();
            else reject(new Error(`It answers ${response.statusCode ?? 0} to GET /health.`));
          });
        },
      );
      asking.on('error', (error: NodeJS.ErrnoException) => reject(inWords(error, base.host)));
    });
}

function inWords(error: NodeJS.ErrnoException, host: string): Error {
  switch (error.code) {
    case 'ECONNREFUSED':
      return new Error(`Nobody listens at ${host}.`, { cause: error });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Error(`The name in ${host} is not known.`, { cause: error });
    case 'ABORT_ERR':
      return new Error(`It has not answered for ${ANSWER_MS_MAX / 1000} s.`, { cause: error });
    default:
      return error;
  }
}
