/**
 * With this header a reader asks for joined events: one gRPC message holds the bytes of several `ReadResp`, one after the other.
 * Each is a field 1 (event) of its own, so a reader takes the fields of a message in order. grpc-js spends more on each message
 * than the reader on the event in it. A server that does not know the header sends one event in each message, which is the same form.
 */
export const JOINED_EVENTS_HEADER = 'docket-joined-events';
