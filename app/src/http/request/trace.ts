import { randomHex } from './randomHex.ts';

/** Where a request stands in a trace that began elsewhere. */
export interface Trace {
  /** 32 hexadecimal digits, the same for everything that one caller set off. */
  traceId: string;
  /** 16 hexadecimal digits: this request. */
  spanId: string;
  /** Who asked. */
  parentId: string;
  /** `01` when the caller records the trace, `00` otherwise. */
  flags: string;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/**
 * Goes on with the trace of a `traceparent` header. There is none without a well-formed one: TheAPP records no
 * traces, and asks nobody who would, so that one that began here would lead nowhere (W3C Trace Context,
 * https://www.w3.org/TR/trace-context/, section 3.2).
 */
export function continueTrace(traceparent: unknown): Trace | undefined {
  const [, traceId, parentId, flags] = (typeof traceparent === 'string' && form.exec(traceparent)) || [];
  if (!traceId || !parentId || !flags) return undefined;
  // Of the flags of version 00 only the last bit is ours to pass on.
  const recorded = (Number.parseInt(flags, 16) & 1) === 1;
  return { traceId, parentId, spanId: randomHex(16), flags: recorded ? '01' : '00' };
}

/** The header that hands the trace on: this request is the parent of whatever follows from it. */
export const traceparent = ({ traceId, spanId, flags }: Trace) => `00-${traceId}-${spanId}-${flags}`;
