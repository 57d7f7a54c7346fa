import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { unreachable } from '../errors.ts';
import type { Reply, Request, Shell } from './exchange.ts';
import { compose, deadlineOf, parse } from './frame.ts';

/** The three streams of a running `sh`, from a local process or an SSH channel. */
export interface Streams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/**
 * Initialises a new shell. Its folder `$T` is on a memory file system if there is one, so that a full disk can still be
 * reported; it is removed when the shell ends. File descriptor 9 carries progress.
 */
const PRELUDE = `{
LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL DEBIAN_FRONTEND PATH
umask 077
for T in /run /dev/shm /tmp; do if [ -d "$T" ] && [ -w "$T" ]; then break; fi; done
T=$(mktemp -d "$T/provision.XXXXXXXX") && mkdir "$T/x" || exit 1
trap 'cd /; rm -rf "$T"' EXIT
trap 'exit 1' HUP TERM
exec 9>&2
} </dev/null
`;

/** The bytes of a frame's last line: `frame-`, the token's 24 digits, a dot and a newline. */
const FRAME_END = 32;

/** Talks to a running `sh`, one exchange at a time. Errors refer to it as `name`. */
export function openShell(streams: Streams, name: string): Shell {
  let roundTrips = 0;
  let endReason: string | undefined;
  let output = '';
  let onData: (() => void) | undefined;
  let progress: Request['progress'];
  const chunks: Buffer[] = [];
  // The end of the received data: a token may arrive in pieces, and searching all the data each time is slow.
  let tail: Buffer = Buffer.alloc(0);

  streams.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    tail = Buffer.concat([tail.subarray(-FRAME_END), chunk]);
    onData?.();
  });
  const ended = (why: string) => {
    endReason ??= why;
    onData?.();
  };
  streams.stdout.on('close', () => ended('the connection was closed'));
  streams.stdout.on('end', () => ended('the shell exited'));
  streams.stdin.on('error', (error: Error) => ended(error.message));
  let rest = '';
  const decoder = new StringDecoder('utf8');
  streams.stderr.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk);
    const split = (rest + text).split('\n');
    rest = split.pop() ?? '';
    for (const line of split) progress?.(line);
    output = (output + text).slice(-4000);
  });
  streams.stdin.write(PRELUDE);

  async function exchange(request: Request): Promise<Reply> {
    const token = `frame-${randomBytes(12).toString('hex')}`;
    roundTrips++;
    progress = request.progress;
    chunks.length = 0;
    if (!endReason) streams.stdin.write(compose(request, token));
    try {
      return await reply(request, token);
    } finally {
      onData = undefined;
      progress = undefined;
    }
  }

  function reply(request: Request, token: string): Promise<Reply> {
    const end = Buffer.from(`${token}.\n`);
    return new Promise((resolve, reject) => {
      const fail = (why: string) =>
        reject(unreachable({ place: name, what: 'the shell returned no complete reply', why, said: output }));
      const deadline = setTimeout(() => fail('it timed out'), deadlineOf(request));
      onData = () => {
        const complete = tail.includes(end) ? parse(Buffer.concat(chunks), request, token) : undefined;
        if (complete) {
          clearTimeout(deadline);
          return resolve(complete);
        }
        if (endReason !== undefined) {
          clearTimeout(deadline);
          fail(endReason);
        }
      };
      onData();
    });
  }

  return {
    get roundTrips() {
      return roundTrips;
    },
    exchange,
  };
}
