import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long a client may take to close its side after the 400, in milliseconds. */
const timeout = 1000;

const badRequest = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Length: 0',
  'X-Content-Type-Options: nosniff',
  '\r\n',
].join('\r\n');

/**
 * Responds with 400 to bytes that are not a valid request and closes the connection (RFC 9112, section 2.2). Complete
 * requests that arrived before them get their responses first. A request whose body turns out to be malformed gets this
 * 400 and no other response.
 *
 * It replaces the clientError handler of hapi 21.4, which replies 400 to the request in progress on the connection and
 * lets its handler continue. The handler's response then either replaces the 400 without passing through onPreResponse,
 * and so without its headers, or closes the connection while the 400 is being sent, which crashes the process.
 */
export function rejectMalformed(listener: Server): void {
  const last = trackResponses(listener);
  // Each further packet on the same connection emits another clientError.
  const refused = new WeakSet<Socket>();
  listener.removeAllListeners('clientError');
  listener.on('clientError', (_error, socket: Socket) => {
    if (refused.has(socket)) return;
    refused.add(socket);
    const response = last.get(socket);
    if (!response) sendBadRequest(socket);
    else if (!response.req.complete) rejectBody(socket, response);
    else if (response.writableFinished) sendBadRequest(socket);
    else response.once('close', () => sendBadRequest(socket));
  });
}

/**
 * The response to the last request of each connection, until both are complete: an idle connection holds no reference to
 * its last request.
 */
function trackResponses(listener: Server): WeakMap<Socket, ServerResponse> {
  const last = new WeakMap<Socket, ServerResponse>();
  const track = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    last.set(socket, response);
    response.once('close', () => {
      if (request.complete && last.get(socket) === response) last.delete(socket);
    });
  };
  listener.prependListener('request', track);
  listener.prependListener('checkContinue', track);
  return last;
}

/** The body of the request in progress is malformed: the 400 is its response, unless a response was already started. */
function rejectBody(socket: Socket, response: ServerResponse): void {
  if (response.socket === socket && !response.headersSent) sendBadRequest(socket);
  else socket.destroy();
}

function sendBadRequest(socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(badRequest);
  const timer = setTimeout(() => socket.destroy(), timeout);
  socket.once('close', () => clearTimeout(timer));
}
