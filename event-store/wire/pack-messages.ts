/**
 * Packs several gRPC messages into one HTTP/2 write. grpc-js frames each message and writes it to the socket alone.
 * That takes about ten times as long as the rest of the store's work for a read event. For an append, it is a large
 * part of the time.
 *
 * grpc-js frames a message with a flag byte, its length (big-endian), and then its bytes (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). It asks a message only for its length, and calls its `copy` to write the bytes behind
 * the frame header. So the packed message itself contains the frames of all messages except the first. Its `copy`
 * then corrects the length that grpc-js wrote for the first message.
 */

const FRAME_HEADER_BYTES = 5;
const LENGTH_BYTES = 4;

/**
 * Returns one value for `call.write` that arrives as all messages, in order.
 * @param messages at least one
 */
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
