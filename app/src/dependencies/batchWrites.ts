import type { Socket } from 'node:net';

/** Call this before a write: all writes of one turn of the event loop are sent as one batch, in order. */
export function batchWrites(socket: Pick<Socket, 'writableCorked' | 'cork' | 'uncork'>): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}
