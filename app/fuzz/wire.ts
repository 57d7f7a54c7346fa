import { connect } from 'node:net';

/** One response as it came over the wire. */
export interface Answer {
  status: number;
  /** By lower-case name; repeated headers are joined by line breaks. */
  headers: Record<string, string>;
  body: Buffer;
}

/** Everything received on a connection until it was closed. */
export interface Exchange {
  answers: Answer[];
  /** Bytes that are not a complete response. */
  rest: string;
  /** The server kept the connection open after the last request. */
  hung: boolean;
}

/** How long the server may take to close a connection, in milliseconds; far longer than it needs. */
const timeout = 20_000;

/** The server waits for the rest of an incomplete request: after this silence, in milliseconds, nothing more comes. */
const silence = 200;

/**
 * Sends the bytes on a new connection and reads until the server closes it. `whole`: the bytes are complete requests;
 * otherwise the connection is closed once the server is silent.
 */
export function exchange(port: number, bytes: Buffer, whole: boolean): Promise<Exchange> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let hung = false;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    socket.setTimeout(whole ? timeout : silence, () => {
      hung = whole;
      socket.destroy();
    });
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => socket.destroy());
    // A reset is no problem: a server that rejects a request need not read the rest of it. If the server is down, the
    // missing response shows it.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ ...parseResponses(Buffer.concat(parts)), hung }));
    socket.write(bytes);
  });
}

/** Parses the responses in order (RFC 9112), without interim ones. */
export function parseResponses(bytes: Buffer): { answers: Answer[]; rest: string } {
  const answers: Answer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const [first = '', ...lines] = end < 0 ? [] : bytes.toString('latin1', at, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (!status) break;
    const headers = headersIn(lines);
    const body = bodyAt(bytes, end + 4, status, headers);
    if (!body) break;
    if (status >= 200) answers.push({ status, headers, body: body.bytes });
    at = body.end;
  }
  return { answers, rest: bytes.toString('latin1', at) };
}

function headersIn(lines: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}\n${value}`;
  }
  return headers;
}

function bodyAt(bytes: Buffer, at: number, status: number, headers: Record<string, string>) {
  if (status < 200 || status === 204 || status === 304) return { bytes: Buffer.alloc(0), end: at };
  if (headers['transfer-encoding'] === 'chunked') return chunksAt(bytes, at);
  const length = headers['content-length'];
  const end = length === undefined ? bytes.length : at + Number(length);
  return end > bytes.length ? undefined : { bytes: bytes.subarray(at, end), end };
}

function chunksAt(bytes: Buffer, start: number) {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, line), 16);
    const end = line + 2 + size;
    if (Number.isNaN(size) || end + 2 > bytes.length) return undefined;
    if (size === 0) return { bytes: Buffer.concat(parts), end: end + 2 };
    parts.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}
