import { randomHex } from './randomHex.ts';

/** The position of a request in a trace that started elsewhere. */
export interface Trace {
  /** 32 hexadecimal digits, the same for all requests of the trace. */
  traceId: string;
  /** 16 hexadecimal digits: this request. */
  spanId: string;
  /** The span of the caller. */
  parentId: string;
  /** `01` when the caller records the trace, `00` otherwise. */
  flags: string;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * Continues the trace of a `traceparent` header. Returns undefined without a valid header: TheAPP records no traces and
 * calls no service that does, so a trace that started here would be useless (W3C Trace Context,
 * https://www.w3.org/TR/trace-context/, section 3.2).
 */
export function continueTrace(traceparent: unknown): Trace | undefined {
  const [, traceId, parentId, flags] = (typeof traceparent === 'string' && form.exec(traceparent)) || [];
  if (!traceId || !parentId || !flags) return undefined;
  // Version 00 defines only the last flag bit: do not pass on the others.
  const recorded = (Number.parseInt(flags, 16) & 1) === 1;
  return { traceId, parentId, spanId: randomHex(16), flags: recorded ? '01' : '00' };
}

/** The header that continues the trace with this request as the parent. */
export const traceparent = ({ traceId, spanId, flags }: Trace) => `00-${traceId}-${spanId}-${flags}`;
