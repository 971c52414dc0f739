/**
 * Several gRPC messages in one HTTP/2 write. grpc-js frames each message and hands it to the socket alone and in
 * turn, which costs about ten times what the store itself spends on a read event, and much of an append. It asks a serialized message
 * for nothing but its length and a `copy` behind the frame header it has just written (gRPC over HTTP/2,
 * "Length-Prefixed-Message": a flag byte, a big-endian length, the message). So the messages after the first are
 * framed here, and the copy puts the first one's own length into that header.
 */

const FRAME_HEADER_BYTES = 5;
const LENGTH_BYTES = 4;

/** One value for `call.write` that arrives as all of the messages, in order. @param messages one at least */
export function packMessages(messages: readonly Buffer[]): Buffer {
  const [first, ...rest] = messages as readonly [Buffer, ...Buffer[]];
  if (rest.length === 0) return first;
  const packed = Buffer.allocUnsafe(
    rest.reduce((sum, { length }) => sum + FRAME_HEADER_BYTES + length, first.length),
  );
  let at = first.copy(packed);
  for (const message of rest) {
    packed[at] = 0;
    at = packed.writeUInt32BE(message.length, at + 1);
    at += message.copy(packed, at);
  }
  packed.copy = (target, targetStart = 0) => {
    target.set(packed, targetStart);
    new DataView(target.buffer, target.byteOffset).setUint32(targetStart - LENGTH_BYTES, first.length);
    return packed.length;
  };
  return packed;
}
