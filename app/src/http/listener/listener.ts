import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';

/**
 * What listens for hapi. A client that sends slowly does not hold a connection for long. An idle one is kept for
 * longer than nginx keeps its own (60 s): were it closed here first, a request already on its way would be lost.
 */
export const createListener = (): Server =>
  createServer({
    ServerResponse: WholeAnswer,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
  });

/**
 * Sends a body that was written whole together with the end of the answer. hapi writes it and then ends the answer:
 * done in two steps, that costs Node a tenth of what a request costs in all.
 */
class WholeAnswer<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
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

  /** Of who writes more than it has announced, or calls back, nothing is lost. */
  #writeBody(): void {
    const body = this.#body;
    this.#body = undefined;
    if (body !== undefined) super.write(body);
  }
}

type Done = (error?: Error | null) => void;
