import type { Request } from '@hapi/hapi';
import type { ResponseHeaders } from '../response.ts';
import { randomHex } from './randomHex.ts';
import { continueTrace, type Trace, traceparent } from './trace.ts';

declare module '@hapi/hapi' {
  interface Request {
    context: RequestContext;
  }
}

/** What a request is known by. */
export interface RequestContext {
  /** Its name in the log, taken from `X-Request-Id` where nginx or the client gave one. */
  id: string;
  /** Where the caller is part of one. */
  trace: Trace | undefined;
  /** When it came, on the clock of `performance.now()`. */
  startedAt: number;
}

/** What may be taken from a client into the log and back into a header. */
const sane = /^[\w.:-]{1,128}$/;

/** Gives a request a name, of the form that nginx makes (`$request_id`), and its place in the trace that it is part of. */
export function requestContext({ raw }: Pick<Request, 'raw'>): RequestContext {
  const { headers } = raw.req;
  const given = headers['x-request-id'];
  return {
    startedAt: performance.now(),
    id: typeof given === 'string' && sane.test(given) ? given : randomHex(32),
    trace: continueTrace(headers.traceparent),
  };
}

/** Tells the client the names that the log has. */
export function setCorrelationHeaders({ context: { id, trace } }: Request, headers: ResponseHeaders): void {
  headers['x-request-id'] = id;
  if (trace) headers.traceparent = traceparent(trace);
}
