import type { Request } from '@hapi/hapi';
import type { ResponseHeaders } from '../response.ts';
import { randomHex } from './randomHex.ts';
import { continueTrace, type Trace, traceparent } from './trace.ts';

declare module '@hapi/hapi' {
  interface Request {
    context: RequestContext;
  }
}

/** Identifies a request in the log and in traces. */
export interface RequestContext {
  /** The request id in the log, taken from `X-Request-Id` if nginx or the client sent one. */
  id: string;
  /** Set if the caller sent a trace. */
  trace: Trace | undefined;
  /** When the request arrived, as `performance.now()`. */
  startedAt: number;
}

/** Request ids that are safe to accept from a client for the log and for a header. */
const validId = /^[\w.:-]{1,128}$/;

/** Assigns a request id in the format of nginx's `$request_id`, and continues the caller's trace. */
export function requestContext({ raw }: Pick<Request, 'raw'>): RequestContext {
  const { headers } = raw.req;
  const given = headers['x-request-id'];
  return {
    startedAt: performance.now(),
    id: typeof given === 'string' && validId.test(given) ? given : randomHex(32),
    trace: continueTrace(headers.traceparent),
  };
}

/** Returns the request id and the trace of the log to the client. */
export function setCorrelationHeaders({ context: { id, trace } }: Request, headers: ResponseHeaders): void {
  headers['x-request-id'] = id;
  if (trace) headers.traceparent = traceparent(trace);
}
