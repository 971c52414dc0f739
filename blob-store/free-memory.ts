/**
 * Frees the memory of a buffer at once; it is empty then. V8 counts the memory of buffers towards its heap: after 25 MB
 * of them it collects everything there is, though all of them are garbage. A buffer that is a part of a larger memory shares
 * that with others, and is left alone.
 */
export function freeMemory({ buffer, byteLength }: Buffer): void {
  // A `SharedArrayBuffer` has no `transfer`.
  if (byteLength === buffer.byteLength && 'transfer' in buffer) buffer.transfer(0);
}
