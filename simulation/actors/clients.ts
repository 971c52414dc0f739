import type { Machine, World } from '../engine/world.ts';
import { REFUSED_DOCUMENT, resultOf } from '../ports/gateway.ts';
import { DOCUMENT_BYTES_MAX, type CommandApi, type Reply, type UploadRequest } from './command-api.ts';
import type { Records } from '../records/records.ts';
import type { QueryApi } from './query-api.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** A service as its clients reach it, through any of its processes that run at the moment. */
export interface Reached<Service> {
  readonly machine: Machine;
  service: Service | null;
}

export interface Clients {
  /** Number of requests without an answer so far. */
  busy(): number;
  act(): void;
}

export const OWNERS = ['anna', 'bela'] as const;
const ANSWER_MS = 5_000;
const UPLOAD_TRIES_MAX = 8;

/** Three small documents, a document that the gateway refuses, and a document that exceeds the limit of bytes. */
const DOCUMENTS = [
  Buffer.from('%PDF-1.7 one'),
  Buffer.from('%PDF-1.7 two'),
  Buffer.from('%PDF-1.7 three'.padEnd(150, '.')),
  Buffer.from(`${REFUSED_DOCUMENT} scan`),
  Buffer.from('%PDF-1.7 long'.padEnd(DOCUMENT_BYTES_MAX + 1, '.')),
] as const;

/** Starts users and programs that use Docket and check its answers. */
export function startClients(
  world: World,
  apis: readonly Reached<CommandApi>[],
  queries: readonly Reached<QueryApi>[],
  records: Pick<Records, 'acknowledged' | 'age'>,
): Clients {
  const { random } = world;
  let open = 0;
  let requests = 0;
  const known: { jobId: string; owner: string }[] = [];

  const upload = async (owner: string, bytes: Buffer, request: number): Promise<void> => {
    const about = {
      owner,
      key: `key-${request}`,
      requestId: `request-${request}`,
      filename: `${request}.pdf`,
      bytes,
    };
    for (let tries = 1; tries <= UPLOAD_TRIES_MAX; tries += 1) {
      const age = records.age();
      const reply = await call<CommandApi, Reply>(world, random.pick(apis), (api) => api.upload(about));
      world.trace.say(
        owner,
        () => `uploads ${request} (try ${tries}): ${reply?.status ?? 'no answer'} ${reply?.jobId ?? ''}`,
      );
      if (reply && isFinal(world, about, reply)) {
        // If the log was replaced meanwhile, the acknowledgement was lost with the old log.
        if (reply.jobId !== null && records.age() === age) acknowledge(owner, reply.jobId);
        return;
      }
      await pause(world, random.between(100, 800));
    }
  };
  const acknowledge = (owner: string, jobId: string): void => {
    records.acknowledged.add(jobId);
    if (!known.some((job) => job.jobId === jobId)) known.push({ jobId, owner });
  };
  const command = async (what: 'retry' | 'cancel', request: number): Promise<void> => {
    const job = random.pick(known);
    const isOwn = random.chance(0.8);
    const owner = isOwn ? job.owner : OWNERS.find((other) => other !== job.owner)!;
    const requestId = `request-${request}`;
    const asked = (api: CommandApi): Promise<Reply> => api.command(owner, job.jobId, what, requestId);
    const reply = await call(world, random.pick(apis), asked);
    world.trace.say(owner, () => `asks to ${what} ${job.jobId}: ${reply?.status ?? 'no answer'}`);
    if (!isOwn && reply && reply.status !== 404 && reply.status !== 503)
      world.broken('8 secrecy', `${owner} was told ${reply.status} about a job of ${job.owner}`);
  };
  const download = async (request: number): Promise<void> => {
    const job = random.pick(known);
    const isOwn = random.chance(0.8);
    const owner = isOwn ? job.owner : OWNERS.find((other) => other !== job.owner)!;
    const bytes = await call(world, random.pick(queries), (api: QueryApi) =>
      api.download(owner, job.jobId, `request-${request}`),
    );
    world.trace.say(owner, () => `downloads ${job.jobId}: ${bytes ? `${bytes.length} bytes` : 'nothing'}`);
    if (bytes && !isOwn) world.broken('8 secrecy', `${owner} downloaded a result of ${job.owner}`);
    if (bytes && !DOCUMENTS.some((document) => resultOf(sha256Of(document)).equals(bytes)))
      world.broken('2 result', `${owner} was given bytes that are no result`);
  };
  const begin = (work: (request: number) => Promise<void>): void => {
    open += 1;
    requests += 1;
    void work(requests).finally(() => (open -= 1));
  };
  return {
    busy: () => open,
    act: () => {
      const what = random.next();
      if (what < 0.6 || known.length === 0)
        begin((request) => upload(random.pick(OWNERS), random.pick(DOCUMENTS), request));
      else if (what < 0.7) begin((request) => command('cancel', request));
      else if (what < 0.82) begin((request) => command('retry', request));
      else begin(download);
    },
  };
}

/**
 * Returns true when the client need not repeat an upload. It also checks promise 9: a bad input has one clear answer.
 */
function isFinal(world: World, { bytes, owner }: UploadRequest, { status, jobId }: Reply): boolean {
  const isTooLong = bytes.length > DOCUMENT_BYTES_MAX;
  if (status === 200 || status === 202) {
    if (isTooLong || jobId === null)
      world.broken('9 bad input', `${owner} was told ${status} for a bad upload`);
    return true;
  }
  if (status === 413 && !isTooLong) world.broken('9 bad input', `${owner} was told 413 for a short document`);
  return status === 413;
}

/** Sends a request over HTTP. The request or its answer may get lost, and a server that dies does not answer. */
async function call<Service, Answer>(
  world: World,
  reached: Reached<Service>,
  ask: (service: Service) => Promise<Answer>,
): Promise<Answer | null> {
  const { random } = world;
  return new Promise((resolve) => {
    world.later(ANSWER_MS, () => resolve(null));
    world.later(random.between(0.5, 20), () => {
      const { service, machine } = reached;
      const { life } = machine;
      if (!life.alive || service === null) return world.later(5, () => resolve(null));
      const answered = (answer: Answer | null): void => {
        if (life.alive && !random.chance(world.weather().lostReply))
          world.later(random.between(0.5, 20), () => resolve(answer));
      };
      life.inside.later(0, () => {
        ask(service).then(answered, (error: unknown) => {
          world.trace.say(life.name, () => `answers an error: ${String(error).slice(0, 100)}`);
          answered(null);
        });
      });
    });
  });
}

function pause(world: World, ms: number): Promise<void> {
  return new Promise((resolve) => void world.later(ms, resolve));
}
