import { connect, type Socket } from 'node:net';

/** The answer over a raw connection. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and header fields as they came. */
  readonly head: string;
  readonly body: string;
  /** How the connection ended: by the server's FIN, or an error such as ECONNRESET. */
  readonly ended: string;
  readonly ms: number;
}

/**
 * Sends HTTP/1.1 without a client. `send` writes the request, and may take any time. The answer ends when the server
 * closes the connection, or when all bytes of its Content-Length have arrived.
 */
export function speak(port: number, send: (socket: Socket) => void | Promise<void>): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = connect(port, '127.0.0.1');
    let received = '';
    let error = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      const [head = '', body = ''] = received.split('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      if (length !== undefined && body.length >= Number(length)) finish();
    });
    const finish = (): void => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0);
      const [head = '', ...rest] = received.split('\r\n\r\n');
      const body = rest.join('\r\n\r\n');
      resolve({ status, head, body, ended: error || 'answered', ms: performance.now() - startedAt });
    };
    socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code ?? 'error'));
    socket.on('close', finish);
    socket.on('connect', () => void Promise.resolve(send(socket)).catch(() => undefined));
  });
}

/** The head of an upload request. `length` null is `Transfer-Encoding: chunked`. */
export function uploadHead(length: number | null, extra = ''): string {
  const framing = length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST /api/jobs HTTP/1.1\r\nHost: x\r\n${framing}\r\nContent-Type: multipart/form-data; boundary=b\r\n${extra}\r\n`;
}

/** The head of a file part under the boundary `b`. */
export function partHead(name = 'files', filename = 'a.pdf', extra = ''): string {
  return (
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\n` +
    `Content-Type: application/pdf\r\n${extra}\r\n`
  );
}

export const FORM_END = '\r\n--b--\r\n';

/** Bytes as one chunk of a chunked body. */
export function chunkOf(bytes: Buffer | string): Buffer {
  const body = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]);
}

/** Writes and waits until the socket can take more; rejects when it is closed. */
export function push(socket: Socket, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('closed'));
    const settle = (use: () => void) => () => {
      socket.off('drain', onDrain).off('close', onClose);
      use();
    };
    const onDrain = settle(resolve);
    const onClose = settle(() => reject(new Error('closed')));
    if (socket.write(bytes)) return resolve();
    socket.on('drain', onDrain).on('close', onClose);
  });
}
