import type { IncomingMessage, Agent as PlainAgent } from 'node:http';
import http from 'node:http';
import https from 'node:https';

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

export interface Question {
  readonly method: Method;
  readonly path: string;
  /** Goes along as JSON. */
  readonly send?: object;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Milliseconds after which an idle connection is closed, well before a server does so while a request is on its way. */
const IDLE = 4000;

/** Connections that are kept for the next request. Any certificate is accepted: labs sign their own. */
export const newAgent = (url: string): PlainAgent =>
  url.startsWith('https:')
    ? new https.Agent({ keepAlive: true, timeout: IDLE, rejectUnauthorized: false })
    : new http.Agent({ keepAlive: true, timeout: IDLE });

/**
 * One request, answered whole within `milliseconds`; `agent` false is a connection of its own.
 *
 * @throws Error whose message is the word that a report counts it under: ECONNREFUSED, `no answer in 10 s`
 */
export async function ask(
  url: string,
  { method, path, send }: Question,
  { agent, milliseconds }: { agent: PlainAgent | false; milliseconds: number },
): Promise<Answer> {
  const content = send === undefined ? undefined : JSON.stringify(send);
  const headers =
    content === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
  const { request } = url.startsWith('https:') ? https : http;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { method, headers, agent, rejectUnauthorized: false };
  const asked = request(new URL(path, url), options, (response) => whole(response).then(resolve, reject));
  const late = setTimeout(
    () => asked.destroy(new Error(`no answer in ${milliseconds / 1000} s`)),
    milliseconds,
  );
  asked.on('error', reject);
  asked.end(content);
  try {
    return await promise;
  } catch (error) {
    throw new Error(wordOf(error), { cause: error });
  } finally {
    clearTimeout(late);
  }
}

async function whole(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

/** Several addresses of one name fail together: the first says why. */
function wordOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
