import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failure, unreachable } from '../errors.ts';
import { outOfSpace } from './space.ts';

export interface Download {
  readonly url: string;
  readonly file: string;
  /** What the file must be, in hexadecimal. */
  readonly sha256: string;
  progress(line: string): void;
  /** Seconds without a byte after which the server counts as gone. */
  readonly stallSeconds?: number;
}

/**
 * Fetches a file: beside its name until it is whole and its checksum is right. What an interrupted download has
 * got so far is kept, and the next one goes on from there.
 *
 * @throws ProvisionError (unreachable) when the server is gone, (failed) when the checksum is wrong
 */
export async function download({ url, file, sha256, progress, stallSeconds = 30 }: Download): Promise<void> {
  const part = `${file}.part`;
  try {
    await fetchRest(url, part, progress, stallSeconds);
  } catch (error) {
    if ((error as { kind?: string }).kind) throw error;
    throw outOfSpace(String(error), part) ?? gone(url, error, 'try again: it goes on where it stopped');
  }
  progress('checking its sha256');
  const found = await hashOf(part);
  if (found !== sha256) {
    rmSync(part, { force: true });
    throw failure({
      place: url,
      what: 'the download is not what its publisher signed for',
      why: `expected sha256 ${sha256}, found ${found}`,
      todo: 'try again; if it stays so, something between here and there changes files',
    });
  }
  renameSync(part, file);
}

/** A small text. @throws ProvisionError (unreachable) when it is not here within `seconds` */
export async function fetchText(url: string, seconds: number): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(seconds * 1000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.text();
  } catch (error) {
    throw gone(url, error);
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
    if (response.status === 416) return; // there is no more than what is here; the checksum judges it
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    const from = response.status === 206 ? have : 0;
    const total = from + Number(response.headers.get('content-length') ?? Number.NaN);
    const counted = counter(from, total, progress, watch.fed);
    const target = createWriteStream(part, { flags: from > 0 ? 'a' : 'w', mode: 0o600 });
    await pipeline(Readable.fromWeb(response.body), counted, target);
  } finally {
    watch.stop();
  }
}

function counter(from: number, total: number, progress: (line: string) => void, fed: () => void): Transform {
  const start = Date.now();
  let bytes = from;
  let told = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      fed();
      bytes += chunk.length;
      const now = Date.now();
      if (now - told > 500 || bytes === total) {
        told = now;
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
  const bite = () => controller.abort(new Error(`nothing came for ${seconds} s`));
  let timer = setTimeout(bite, seconds * 1000);
  return {
    signal: controller.signal,
    fed() {
      clearTimeout(timer);
      timer = setTimeout(bite, seconds * 1000);
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

function gone(url: string, error: unknown, todo?: string) {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as { code?: string }).code;
  const words: Record<string, string> = {
    ENOTFOUND: 'there is no such name',
    EAI_AGAIN: 'no answer from the name server',
    ECONNREFUSED: 'it refuses connections',
    ECONNRESET: 'it closed the connection',
    ENETUNREACH: 'there is no route',
  };
  const why = words[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
  return unreachable({ place: url, what: 'cannot be reached', why, ...(todo ? { todo } : {}) }, error);
}
