/** The gRPC services over one log, and the ordered end of every call at shutdown. */
import { randomUUID } from 'node:crypto';
import {
  status,
  type sendUnaryData,
  type Server,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { LogCorrupt } from '../errors.ts';
import type { StoreLimits } from '../limits.ts';
import type { Log } from '../storage/open-log.ts';
import { readReadRequest } from '../wire/read-request.ts';
import { serveAppend, serveDeletion } from './append.ts';
import { serveBatchAppend, type BatchCall } from './batch-append.ts';
import { clusterOf, SUPPORTED_METHODS } from './cluster.ts';
import { GOSSIP_SERVICE, SERVER_FEATURES_SERVICE, STREAMS_SERVICE } from './definitions.ts';
import { serveRead } from './read.ts';
import { refusal, refuseError, SHUTTING_DOWN, type Refusal } from './refusal.ts';
import { openSender } from './send-stream.ts';
import { serveSubscription } from './subscription.ts';

type ReadCall = ServerWritableStream<Buffer, Buffer>;
type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type Answer = sendUnaryData<Buffer>;

export interface Service {
  /** Ends every open stream with UNAVAILABLE: one that ended OK would hang the client's promises for ever. */
  readonly endStreams: () => void;
}

export interface ServiceParts {
  readonly log: Log;
  readonly limits: StoreLimits;
  readonly onFailed: (failure: Error) => void;
}

/** Adds the services to a gRPC server. */
export function addService(server: Server, { log, limits, onFailed }: ServiceParts): Service {
  const streams = new Set<ReadCall | BatchCall>();
  const instanceId = randomUUID();

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
    if (streams.size >= limits.maxOpenStreams) {
      end(
        call,
        refusal(status.RESOURCE_EXHAUSTED, `There are ${limits.maxOpenStreams} streams open already.`),
      );
      return;
    }
    track(call);
    const serve = async (): Promise<Refusal | null> => {
      const request = readReadRequest(call.request);
      const sender = openSender(call);
      return request.isSubscription
        ? serveSubscription(request, sender, log)
        : serveRead(request, sender, log);
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

  server.addService(STREAMS_SERVICE, {
    read,
    append: (call: ServerReadableStream<Buffer, Buffer>, answer: Answer) =>
      serveAppend(call, answer, log, limits),
    batchAppend: (call: BatchCall) => {
      track(call);
      serveBatchAppend(call, log, limits);
    },
    delete: (call: UnaryCall, answer: Answer) => serveDeletion('delete', call, answer, log, limits),
    tombstone: (call: UnaryCall, answer: Answer) => serveDeletion('tombstone', call, answer, log, limits),
  });
  server.addService(GOSSIP_SERVICE, { read: gossip });
  server.addService(SERVER_FEATURES_SERVICE, {
    getSupportedMethods: (_call: UnaryCall, answer: Answer) => answer(null, SUPPORTED_METHODS),
  });

  return {
    endStreams: () => {
      for (const call of streams) call.emit('error', refusal(status.UNAVAILABLE, SHUTTING_DOWN));
    },
  };
}
