import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';

/**
 * The HTTP listener for hapi. Timeouts bound how long a slow client can hold a connection. Idle connections stay open
 * longer than nginx keeps its own (60 s): if this side closed first, a request in flight would be lost.
 */
export const createListener = (): Server =>
  createServer({
    ServerResponse: SingleWriteResponse,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
  });

/**
 * Sends a body that was written in one piece together with the end of the response. hapi calls `write` and then `end`:
 * those two steps would cost Node a tenth of the total cost of a request.
 */
class SingleWriteResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #body: string | Uint8Array | undefined;

  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    this.#writeBody();
    const plain = (encoding ?? 'utf8') === 'utf8' && !done;
    if (plain && this.getHeader('content-length') === Buffer.byteLength(chunk)) {
      this.#body = chunk;
      return true;
    }
    return typeof encoding === 'string' ? super.write(chunk, encoding, done) : super.write(chunk, encoding);
  }

  override end(chunk?: unknown, encoding?: BufferEncoding | Done, done?: Done): this {
    const body = this.#body;
    if (body !== undefined && chunk === undefined) {
      this.#body = undefined;
      return super.end(body);
    }
    this.#writeBody();
    return typeof encoding === 'string' ? super.end(chunk, encoding, done) : super.end(chunk, encoding);
  }

  /** Sends a held-back body before any further write, so that nothing is lost. */
  #writeBody(): void {
    const body = this.#body;
    this.#body = undefined;
    if (body !== undefined) super.write(body);
  }
}

type Done = (error?: Error | null) => void;
