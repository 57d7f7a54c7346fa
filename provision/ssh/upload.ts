import { createReadStream, statSync } from 'node:fs';
import type { ClientChannel } from 'ssh2';
import { failure, type ProvisionError } from '../errors.ts';
import type { Upload } from '../shell/exchange.ts';
import { type Link, lost } from './connect.ts';
import { sudoRefusal } from './root.ts';

/** Bytes read from the disk at once. */
const CHUNK = 256 * 1024;

/**
 * What the other end runs: the first two lines are the path and the number of bytes, the rest is the file. It goes
 * to a new file beside the path, which only its owner may read, and has the name when all of it has arrived.
 */
export const RECEIVE = [
  'umask 077; IFS= read -r to; IFS= read -r bytes; draft="$to.part$$"',
  'clean() { rm -f "$draft"; }; trap clean EXIT; trap "exit 1" HUP TERM PIPE; set -C',
  'cat >"$draft" || exit 1; got=$(wc -c <"$draft")',
  'if [ "$got" -ne "$bytes" ]; then clean; echo "$got of $bytes bytes have arrived" >&2; exit 1; fi',
  'mv -fT "$draft" "$to" || exit 1',
].join('; ');

/**
 * Sends a local file into a channel where `RECEIVE` runs. `progress` hears bytes sent so far.
 *
 * @throws ProvisionError (failed) in the host's own words when it could not write, (unreachable) when it is gone.
 */
export async function send(
  link: Link,
  channel: ClientChannel,
  upload: Upload,
  progress: (bytes: number) => void,
): Promise<void> {
  const ended = ending(channel);
  channel.write(`${upload.to}\n${upload.bytes}\n`);
  const copied = copy(channel, upload, progress).then(
    () => channel.end(),
    (error: unknown) => {
      channel.destroy();
      throw failure({ place: upload.from, what: 'the file could not be read', why: String(error) }, error);
    },
  );
  const { code, words } = await Promise.race([ended, copied.then(() => ended)]);
  if (code !== 0) throw refusal(link, upload, code, words);
}

/** Says before anything is sent that the file is there, as long as it should be, and has a path that can be told. */
export function checkUpload({ from, to, bytes }: Upload): void {
  const size = statSync(from, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw failure({ place: from, what: 'there is no such file to upload' });
  if (size !== bytes) throw failure({ place: from, what: `${bytes} bytes were expected, it has ${size}` });
  if (to.includes('\n'))
    throw failure({ what: `cannot upload to a path with a line end: ${JSON.stringify(to)}` });
}

async function copy(channel: ClientChannel, { from, bytes }: Upload, progress: (bytes: number) => void) {
  if (bytes === 0) return;
  let sent = 0;
  for await (const chunk of createReadStream(from, { highWaterMark: CHUNK })) {
    if (!channel.writable) return;
    const free = channel.write(chunk, () => {
      sent += chunk.length;
      progress(sent);
    });
    if (!free) await drained(channel);
  }
}

function drained(channel: ClientChannel): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      channel.off('drain', go);
      channel.off('close', go);
      resolve();
    };
    channel.on('drain', go);
    channel.on('close', go);
  });
}

function ending(channel: ClientChannel): Promise<{ code: number | undefined; words: string }> {
  let words = '';
  let code: number | undefined;
  const hear = (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-4000);
  };
  channel.on('data', hear);
  channel.stderr.on('data', hear);
  channel.on('exit', (status: number | null) => {
    code = status ?? undefined;
  });
  return new Promise((resolve) => {
    channel.on('close', () => resolve({ code, words }));
  });
}

function refusal(link: Link, { to }: Upload, code: number | undefined, words: string): ProvisionError {
  const place = link.target.place;
  if (code === undefined) return lost(link, `the upload of ${to} was cut off`, words);
  const full = /no space left|quota exceeded/i.test(words);
  return (
    sudoRefusal(link.target, words) ??
    failure({
      place,
      what: full ? `no room for ${to}` : `${to} could not be written`,
      said: words,
      ...(full ? { todo: `make room there: df -h ${to.replace(/\/[^/]*$/, '') || '/'}` } : {}),
    })
  );
}
