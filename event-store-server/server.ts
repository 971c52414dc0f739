/** Starts the embedded event store: EventStoreDB's protocol on one directory, for one machine. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { OPEN_TO_ALL, type AccessRules } from './service/guard.ts';
import { DEFAULT_LIMITS, type StoreLimits } from './storage/store-limits.ts';
import type { Likeness } from './service/likeness.ts';
import { addService } from './service/open-service.ts';
import { openLog } from './storage/open-log.ts';

export interface EmbeddedEventStoreOptions extends Partial<StoreLimits> {
  /** The directory of the log; the store makes it when it is missing. */
  readonly directory: string;
  /** The address to listen on. Without TLS and users, use only loopback or a private network. */
  readonly host?: string;
  /** The port to listen on. 0 chooses a free port. */
  readonly port?: number;
  /** Certificate chain and private key in PEM; without them, the connection is not encrypted. */
  readonly tls?: { readonly certificate: Buffer; readonly privateKey: Buffer } | null;
  /** The users, their rights, and the secret. By default the store requires neither user nor secret. */
  readonly access?: AccessRules;
  /** For tests: the store imitates EventStoreDB where the two differ. The default is null: no imitation. */
  readonly likeness?: Likeness | null;
  /** Receives one sentence for the log about a problem that does not stop the store. */
  readonly onNotice?: (sentence: string) => void;
  /**
   * Called when the store cannot continue (DiskFailed, LogCorrupt). The store sends no further answer, so the process
   * should end. The default ends the process with a sentence on stderr, with code 3 for damage and 1 otherwise.
   */
  readonly onFailed?: (failure: Error) => void;
}

export interface EmbeddedEventStore {
  readonly port: number;
  /** The connection string for `EventStoreDBClient.connectionString`. */
  readonly connectionString: string;
  /** Answers the appends that wait, ends all streams, writes the index and unlocks the directory. */
  close(): Promise<void>;
}

function endProcess(failure: Error): void {
  process.stderr.write(`${failure.message}\n`);
  process.exit(failure.name === 'LogCorrupt' ? 3 : 1);
}

type Tls = NonNullable<EmbeddedEventStoreOptions['tls']>;

const credentialsOf = (tls: Tls | null): ServerCredentials =>
  tls === null
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(null, [{ private_key: tls.privateKey, cert_chain: tls.certificate }]);

const listen = (server: Server, address: string, tls: Tls | null): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsOf(tls), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });

/**
 * Opens the store and listens.
 * @throws StoreLocked when another process has the directory
 * @throws LogCorrupt when stored bytes are damaged, with file and offset
 * @throws DirectoryUnusable, DiskFull, DiskFailed, or the system's error when the port is taken
 */
export async function startEmbeddedEventStore(
  options: EmbeddedEventStoreOptions,
): Promise<EmbeddedEventStore> {
  const {
    directory,
    host = '127.0.0.1',
    port: wantedPort = 0,
    tls = null,
    access = OPEN_TO_ALL,
    likeness = null,
    onNotice,
    onFailed = endProcess,
    ...given
  } = options;
  const limits: StoreLimits = { ...DEFAULT_LIMITS, ...given };
  const notice = onNotice ?? ((sentence: string) => void process.stderr.write(`${sentence}\n`));
  const log = openLog(directory, limits, { notice, onFailed });
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_send_message_length': limits.maxMessageBytes,
  });
  const service = addService(server, { log, limits, access, likeness, onFailed });
  let port: number;
  try {
    port = await listen(server, `${host}:${wantedPort}`, tls);
  } catch (error) {
    server.forceShutdown();
    await log.close();
    throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, likeness?.notReadyMs ?? 0));

  const stop = async (): Promise<void> => {
    // The log closes first, so that appends that wait are answered before their streams end.
    await log.close();
    service.endStreams();
    // The statuses that were just written need one turn of the event loop to reach the sockets.
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.forceShutdown();
  };
  let stopping: Promise<void> | null = null;
  return {
    port,
    connectionString: `esdb://${host}:${port}?tls=${tls !== null}`,
    close: () => (stopping ??= stop()),
  };
}
