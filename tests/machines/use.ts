/** What a person does with an address that Docket prints: open it, drop a PDF, watch it turn Ready, take the XML. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { newApiUser } from '../harness/api-user.ts';
import { demand } from './condition.ts';
import type { Started } from './start.ts';

const CONVERTED_MS_MAX = 120_000;
const SOCKET_MS_MAX = 10_000;

let seed = 100;

/** The addresses in the output, once Docket is ready: the one of the ready line first. */
export async function readyAddresses(started: Started): Promise<string[]> {
  await started.says(/Docket is ready: (http\S+)/);
  const lines = `${started.stdout()}\n${started.stderr()}`.split('\n');
  const ready = lines.findIndex((line) => line.includes('Docket is ready:'));
  const printed =
    lines
      .slice(ready)
      .join(' ')
      .match(/https?:\/\/[^\s,;)]+/g) ?? [];
  return [...new Set(printed.map((address) => address.replace(/[.]$/, '')))];
}

/** @throws the fault that was found */
export async function useAddress(address: string): Promise<void> {
  const user = await newApiUser(address).catch((error: Error) => {
    throw new Error(`${address} does not open: ${reason(error)}`);
  });
  const origin = new URL(address).origin;
  const form = new FormData();
  const pdf = new Uint8Array(await makeInvoicePdf((seed += 1)));
  form.append('files', new Blob([pdf], { type: 'application/pdf' }), 'invoice.pdf');
  const uploaded = await user.request('/api/jobs', { method: 'POST', body: form, headers: { origin } });
  const answer = await uploaded.text();
  demand(uploaded.status === 202, `upload at ${address}: ${uploaded.status} ${answer.slice(0, 200)}`);
  await socketOpens(address, { origin, cookie: user.cookie() });

  const { jobId } = (JSON.parse(answer) as { results: { jobId: string }[] }).results[0]!;
  let state = 'unknown';
  for (const last = performance.now() + CONVERTED_MS_MAX; state !== 'ready'; await sleep(100)) {
    const read = await user.request(`/api/jobs/${jobId}`);
    if (read.ok) ({ state } = (await read.json()) as { state: string });
    demand(state !== 'failed' && performance.now() < last, `the job is ${state} and not ready`);
  }
  const xml = await (await user.download(jobId)).text();
  demand(/^<\?xml/.test(xml), `the download is not XML: ${xml.slice(0, 100)}`);
}

async function socketOpens(address: string, headers: Record<string, string>): Promise<void> {
  const socket = new WebSocket(new URL(LIVE_PATH, address.replace(/^http/, 'ws')), [LIVE_PROTOCOL], {
    headers,
    handshakeTimeout: SOCKET_MS_MAX,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(new Error(`the socket at ${address}: ${error.message}`)));
  });
  socket.terminate();
}

const reason = (error: Error): string =>
  error.cause instanceof Error
    ? ((error.cause as NodeJS.ErrnoException).code ?? error.cause.message)
    : error.message;
