/**
 * Frees the memory of a buffer at once; the buffer is then empty. V8 counts the memory of buffers towards its heap.
 * After 25 MB of buffers it runs a full collection, although all these buffers are garbage. A buffer that is part of
 * a larger memory shares it with others, so it is not freed.
 */
export function freeMemory({ buffer, byteLength }: Buffer): void {
  // A `SharedArrayBuffer` has no `transfer`.
  if (byteLength === buffer.byteLength && 'transfer' in buffer) buffer.transfer(0);
}
