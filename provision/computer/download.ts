import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failure, unreachable } from '../errors.ts';
import { outOfSpace } from './space.ts';

export interface Download {
  readonly url: string;
  readonly file: string;
  /** The expected checksum, in hexadecimal. */
  readonly sha256: string;
  progress(line: string): void;
  /** Seconds without data after which the download fails. */
  readonly stallSeconds?: number;
}

/**
 * Downloads a file to `FILE.part`, checks it, and renames it. After an interruption the next download continues from
 * the part that is already there.
 *
 * @throws ProvisionError (unreachable) if the server does not answer, (failed) if the checksum is wrong
 */
export async function download({ url, file, sha256, progress, stallSeconds = 30 }: Download): Promise<void> {
  const part = `${file}.part`;
  try {
    await fetchRest(url, part, progress, stallSeconds);
  } catch (error) {
    if ((error as { kind?: string }).kind) throw error;
    throw (
      outOfSpace(String(error), part) ??
      unreachableError(url, error, 'run the same command again; the download continues where it stopped')
    );
  }
  progress('checking the sha256');
  const found = await hashOf(part);
  if (found !== sha256) {
    rmSync(part, { force: true });
    throw failure({
      place: url,
      what: 'the download does not match its published checksum',
      why: `expected sha256 ${sha256}, found ${found}`,
      todo: 'try again; if it still fails, a proxy or mirror may be modifying the file',
    });
  }
  renameSync(part, file);
}

/** Downloads a small text. @throws ProvisionError (unreachable) if that takes longer than `seconds` */
export async function fetchText(url: string, seconds: number): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(seconds * 1000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.text();
  } catch (error) {
    throw unreachableError(url, error);
  }
}

async function fetchRest(
  url: string,
  part: string,
  progress: (line: string) => void,
  stallSeconds: number,
): Promise<void> {
  const have = sizeOf(part);
  const watch = watchdog(stallSeconds);
  try {
    const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
    const response = await fetch(url, { headers, signal: watch.signal });
    if (response.status === 416) return; // The part is complete; the checksum decides.
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const from = response.status === 206 ? have : 0;
    const total = from + Number(response.headers.get('content-length') ?? Number.NaN);
    const counted = counter(from, total, progress, watch.reset);
    const target = createWriteStream(part, { flags: from > 0 ? 'a' : 'w', mode: 0o600 });
    await pipeline(Readable.fromWeb(response.body), counted, target);
  } finally {
    watch.stop();
  }
}

function counter(
  from: number,
  total: number,
  progress: (line: string) => void,
  received: () => void,
): Transform {
  const start = Date.now();
  let bytes = from;
  let reported = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received();
      bytes += chunk.length;
      const now = Date.now();
      if (now - reported > 500 || bytes === total) {
        reported = now;
        const rate = (bytes - from) / 1e6 / Math.max(0.001, (now - start) / 1000);
        const of = Number.isNaN(total)
          ? ''
          : ` of ${(total / 1e6).toFixed(0)} MB, ${Math.floor((100 * bytes) / total)} %`;
        progress(`downloading: ${(bytes / 1e6).toFixed(0)}${of || ' MB'}, ${rate.toFixed(1)} MB/s`);
      }
      done(null, chunk);
    },
  });
}

function watchdog(seconds: number) {
  const controller = new AbortController();
  const expire = () => controller.abort(new Error(`no data received for ${seconds} s`));
  let timer = setTimeout(expire, seconds * 1000);
  return {
    signal: controller.signal,
    reset() {
      clearTimeout(timer);
      timer = setTimeout(expire, seconds * 1000);
    },
    stop: () => clearTimeout(timer),
  };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function unreachableError(url: string, error: unknown, todo?: string) {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: string }).code;
  const reasons: Record<string, string> = {
    ENOTFOUND: 'unknown host name',
    EAI_AGAIN: 'DNS does not answer',
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'the server closed the connection',
    ENETUNREACH: 'no route to the server',
  };
  const why = reasons[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
  return unreachable({ place: url, what: 'cannot be reached', why, ...(todo ? { todo } : {}) }, error);
}
