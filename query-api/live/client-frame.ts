import type { RawData } from 'ws';
import { ClientFrame, LIVE_CLOSE } from '../../schemas/live-protocol.ts';

export type HeardFrame = { readonly frame: ClientFrame } | { readonly close: number; readonly why: string };

/** Reads what a client sent; anything but one of the protocol's frames ends the connection. */
export function readClientFrame(message: RawData, isBinary: boolean): HeardFrame {
  if (isBinary) return { close: LIVE_CLOSE.unsupportedData, why: 'frames are text' };
  let value: unknown;
  try {
    value = JSON.parse(textOf(message));
  } catch {
    return { close: LIVE_CLOSE.badFrame, why: 'a frame is one JSON object' };
  }
  const parsed = ClientFrame.safeParse(value);
  return parsed.success
    ? { frame: parsed.data }
    : { close: LIVE_CLOSE.badFrame, why: 'this is no frame of the protocol' };
}

function textOf(message: RawData): string {
  if (Array.isArray(message)) return Buffer.concat(message).toString();
  return Buffer.isBuffer(message) ? message.toString() : Buffer.from(message).toString();
}
