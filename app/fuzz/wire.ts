import { connect } from 'node:net';

/** One answer as it came over the wire. */
export interface Answer {
  status: number;
  /** Names in lower case; of what came more than once, the values joined by line breaks. */
  headers: Record<string, string>;
  body: Buffer;
}

/** What a connection said until it was closed. */
export interface Exchange {
  answers: Answer[];
  /** Bytes that are no answer, or not a whole one. */
  rest: string;
  /** The server kept it open although it had been asked for the last time. */
  hung: boolean;
}

/** Milliseconds that a server may take to close a connection; far above what it needs. */
const timeout = 20_000;

/** Of a request that is not whole the server waits for the end: after so long without a word nothing more comes. */
const silence = 200;

/**
 * Sends bytes, as they are, on a connection of their own, and reads until the server closes it. `whole`: a server
 * has all it needs to answer; otherwise the connection is cut off once the server has nothing to say.
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
    // A server that has refused a request need not read the rest of it: the reset tells of no fault. That nobody
    // listens any more shows as no answer.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ ...answersIn(Buffer.concat(parts)), hung }));
    socket.write(bytes);
  });
}

/** Reads answers one after the other (RFC 9112); interim ones are left out. */
export function answersIn(bytes: Buffer): { answers: Answer[]; rest: string } {
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
