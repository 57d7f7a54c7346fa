import type { Socket } from 'node:net';

/** To be called before something is written: what one turn of the event loop writes leaves together, in its order. */
export function batchWrites(socket: Pick<Socket, 'writableCorked' | 'cork' | 'uncork'>): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}
