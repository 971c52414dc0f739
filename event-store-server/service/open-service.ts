/** Adds the gRPC services over one log, and ends every call in order at shutdown. */
import { randomUUID } from 'node:crypto';
import {
  status,
  type Metadata,
  type sendUnaryData,
  type Server,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { openAdmission, type AccessRules, type Guard } from './guard.ts';
import { LogCorrupt } from '../storage/storage-errors.ts';
import type { StoreLimits } from '../storage/store-limits.ts';
import type { Log } from '../storage/open-log.ts';
import { JOINED_EVENTS_HEADER } from '../../event-store/wire/joined-events.ts';
import { readReadRequest } from '../../event-store/wire/read-request.ts';
import { serveAppend, serveDeletion } from './append-call.ts';
import { serveBatchAppend, type BatchCall } from './batch-append.ts';
import { clusterOf, SUPPORTED_METHODS } from './cluster.ts';
import {
  GOSSIP_SERVICE,
  OPERATIONS_SERVICE,
  SERVER_FEATURES_SERVICE,
  STREAMS_SERVICE,
} from './definitions.ts';
import { NOT_READY, STREAM_RESET, submitAsEventStoreDB, type Likeness } from './likeness.ts';
import { serveStartScavenge, serveStopScavenge } from './scavenge-call.ts';
import { serveRead } from './read-call.ts';
import { refusal, refuseError, SHUTTING_DOWN, type Refusal } from './refusal.ts';
import { openSender } from './send-stream.ts';
import { serveSubscription } from './subscription-call.ts';
import type { WriteSide } from './write-side.ts';

type ReadCall = ServerWritableStream<Buffer, Buffer>;
/** The stream in which EventStoreDB reports its scavenges. Only its operators may write to this system stream. */
const SCAVENGES = Buffer.from('$scavenges');

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type Answer = sendUnaryData<Buffer>;

export interface Service {
  /**
   * Ends every open stream with UNAVAILABLE. A stream that ended with OK would leave the client's promises pending for
   * ever.
   */
  readonly endStreams: () => void;
}

export interface ServiceParts {
  readonly log: Log;
  readonly limits: StoreLimits;
  readonly access: AccessRules;
  /** Null when the store does not imitate EventStoreDB. */
  readonly likeness: Likeness | null;
  readonly onFailed: (failure: Error) => void;
}

/** Adds the services to a gRPC server. */
export function addService(server: Server, parts: ServiceParts): Service {
  const { log, limits, access, likeness, onFailed } = parts;
  const streams = new Set<ReadCall | BatchCall>();
  const instanceId = randomUUID();
  const isLikeEventStoreDB = likeness !== null;
  const readyAtMs = performance.now() + (likeness?.notReadyMs ?? 0);
  const isReady = (): boolean => performance.now() >= readyAtMs;
  const admitCaller = openAdmission(log, access);
  const admit = (headers: Metadata): Guard | Refusal =>
    isReady() ? admitCaller(headers) : refusal(status.UNAVAILABLE, NOT_READY);
  const submit = likeness === null ? log.submit : submitAsEventStoreDB(log.submit, likeness, onFailed);
  const writeSide = (guard: Guard): WriteSide => ({ submit, limits, guard, isLikeEventStoreDB, isReady });

  const track = (call: ReadCall | BatchCall): void => {
    streams.add(call);
    const forget = (): void => void streams.delete(call);
    call.on('cancelled', forget);
    call.on('close', forget);
  };

  const end = (call: ReadCall, reason: Refusal | null): void => {
    if (reason === null) call.end();
    else call.emit('error', reason);
  };

  const read = (call: ReadCall): void => {
    const guard = admit(call.metadata);
    if ('code' in guard) {
      end(call, guard);
      return;
    }
    if (streams.size >= limits.maxOpenStreams) {
      end(
        call,
        refusal(status.RESOURCE_EXHAUSTED, `Clients already have ${limits.maxOpenStreams} streams open.`),
      );
      return;
    }
    track(call);
    const serve = async (): Promise<Refusal | null> => {
      const request = readReadRequest(call.request);
      const denied = guard.refusalOf('read', request.stream);
      if (denied !== null) return denied;
      const joins = !request.isSubscription && call.metadata.get(JOINED_EVENTS_HEADER).length > 0;
      const sender = openSender(call, { joins });
      return request.isSubscription
        ? serveSubscription(request, sender, log, isLikeEventStoreDB)
        : serveRead(request, sender, log, isLikeEventStoreDB);
    };
    serve().then(
      (reason) => end(call, reason),
      (error: unknown) => {
        end(call, refuseError(error));
        if (error instanceof LogCorrupt) onFailed(error);
      },
    );
  };

  const gossip = (call: UnaryCall, answer: Answer): void => {
    const address = new URL(`http://${call.getHost()}`);
    answer(null, clusterOf(instanceId, address.hostname, Number(address.port), Date.now()));
  };

  const append = (call: ServerReadableStream<Buffer, Buffer>, answer: Answer): void => {
    const guard = admit(call.metadata);
    if ('code' in guard) answer(guard);
    else serveAppend(call, answer, writeSide(guard));
  };

  const batchAppend = (call: BatchCall): void => {
    const guard = admitCaller(call.metadata);
    if ('code' in guard) {
      call.emit('error', guard);
      return;
    }
    track(call);
    serveBatchAppend(call, writeSide(guard));
  };

  const remove =
    (kind: 'delete' | 'tombstone') =>
    (call: UnaryCall, answer: Answer): void => {
      const guard = admit(call.metadata);
      if ('code' in guard) answer(guard);
      else serveDeletion(kind, call, answer, writeSide(guard));
    };

  server.addService(STREAMS_SERVICE, {
    read,
    append,
    batchAppend,
    delete: remove('delete'),
    tombstone: remove('tombstone'),
  });
  /** Whoever may write to every stream may start a scavenge; in EventStoreDB these are the operators. */
  const scavenging =
    (serve: typeof serveStartScavenge) =>
    (call: UnaryCall, answer: Answer): void => {
      const guard = admit(call.metadata);
      const denied = 'code' in guard ? guard : guard.refusalOf('write', SCAVENGES);
      if (denied !== null) answer(denied);
      else serve(call, answer, log.scavenge);
    };

  server.addService(OPERATIONS_SERVICE, {
    startScavenge: scavenging(serveStartScavenge),
    stopScavenge: scavenging(serveStopScavenge),
  });
  server.addService(GOSSIP_SERVICE, { read: gossip });
  server.addService(SERVER_FEATURES_SERVICE, {
    getSupportedMethods: (_call: UnaryCall, answer: Answer) => answer(null, SUPPORTED_METHODS),
  });

  return {
    endStreams: () => {
      const end = isLikeEventStoreDB ? STREAM_RESET : refusal(status.UNAVAILABLE, SHUTTING_DOWN);
      for (const call of streams) call.emit('error', end);
    },
  };
}
