import type { IncomingMessage, Agent as PlainAgent } from 'node:http';
import http from 'node:http';
import https from 'node:https';

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  readonly path: string;
  /** The body, sent as JSON. */
  readonly body?: object;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Milliseconds after which an idle connection is closed, well before the server would close it during a request. */
const IDLE = 4000;

/** Keep-alive connections. Any certificate is accepted, because labs use self-signed ones. */
export const newAgent = (url: string): PlainAgent =>
  url.startsWith('https:')
    ? new https.Agent({ keepAlive: true, timeout: IDLE, rejectUnauthorized: false })
    : new http.Agent({ keepAlive: true, timeout: IDLE });

/**
 * Sends one request and reads the complete answer within `milliseconds`. With `agent: false` it opens a new connection.
 *
 * @throws Error whose message is the reason in the report: ECONNREFUSED, `no answer in 10 s`
 */
export async function send(
  url: string,
  { method, path, body }: HttpRequest,
  { agent, milliseconds }: { agent: PlainAgent | false; milliseconds: number },
): Promise<HttpAnswer> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  const headers =
    content === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
  const { request } = url.startsWith('https:') ? https : http;
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const options = { method, headers, agent, rejectUnauthorized: false };
  const outgoing = request(new URL(path, url), options, (response) => whole(response).then(resolve, reject));
  const late = setTimeout(
    () => outgoing.destroy(new Error(`no answer in ${milliseconds / 1000} s`)),
    milliseconds,
  );
  outgoing.on('error', reject);
  outgoing.end(content);
  try {
    return await promise;
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  } finally {
    clearTimeout(late);
  }
}

async function whole(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

/** The addresses of one name fail together; the first error is the reason. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
