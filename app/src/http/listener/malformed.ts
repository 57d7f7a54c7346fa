import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds that a client has to close its side once it has been told. */
const timeout = 1000;

const badRequest = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Length: 0',
  'X-Content-Type-Options: nosniff',
  '\r\n',
].join('\r\n');

/**
 * Answers bytes that are no request with 400 and closes the connection (RFC 9112, section 2.2). Requests before them
 * that came whole are answered first. One whose own body turns out to be malformed has its 400 here, and nothing that is
 * found out about it later is sent.
 *
 * In place of what hapi (21.4) does for clientError: it replies 400 to the request that is being answered on the
 * connection, and lets its handler go on. What the handler answers then takes the place of the 400 without having gone
 * through onPreResponse, and so without its headers; or closes it while it is being sent, which ends the process.
 */
export function rejectMalformed(listener: Server): void {
  const last = trackResponses(listener);
  // Of who goes on sending, each further packet is one more clientError.
  const refused = new WeakSet<Socket>();
  listener.removeAllListeners('clientError');
  listener.on('clientError', (_error, socket: Socket) => {
    if (refused.has(socket)) return;
    refused.add(socket);
    const answer = last.get(socket);
    if (!answer) sendBadRequest(socket);
    else if (!answer.req.complete) rejectBody(socket, answer);
    else if (answer.writableFinished) sendBadRequest(socket);
    else answer.once('close', () => sendBadRequest(socket));
  });
}

/**
 * The answer to each connection's last request, until it was given and the request came whole: an idle connection keeps
 * nothing of what was asked.
 */
function trackResponses(listener: Server): WeakMap<Socket, ServerResponse> {
  const last = new WeakMap<Socket, ServerResponse>();
  const remember = (request: IncomingMessage, answer: ServerResponse) => {
    const { socket } = request;
    last.set(socket, answer);
    answer.once('close', () => {
      if (request.complete && last.get(socket) === answer) last.delete(socket);
    });
  };
  listener.prependListener('request', remember);
  listener.prependListener('checkContinue', remember);
  return last;
}

/** The request's own body is malformed: it has one answer, in its turn, or none. */
function rejectBody(socket: Socket, answer: ServerResponse): void {
  if (answer.socket === socket && !answer.headersSent) sendBadRequest(socket);
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
