import { createReadStream, statSync } from 'node:fs';
import type { ClientChannel } from 'ssh2';
import { failure, type ProvisionError } from '../errors.ts';
import type { Upload } from '../shell/exchange.ts';
import { type Link, lost } from './connect.ts';
import { sudoRefusal } from './root.ts';

/** Bytes read from the disk at a time. */
const CHUNK = 256 * 1024;

/**
 * The script on the receiving side. The first two lines of its input are the path and the number of bytes, the rest is
 * the file. It writes to a new private file next to the path and renames it once all bytes have arrived.
 */
export const RECEIVE = [
  'umask 077; IFS= read -r to; IFS= read -r bytes; draft="$to.part$$"',
  'clean() { rm -f "$draft"; }; trap clean EXIT; trap "exit 1" HUP TERM PIPE; set -C',
  'cat >"$draft" || exit 1; got=$(wc -c <"$draft")',
  'if [ "$got" -ne "$bytes" ]; then clean; echo "only $got of $bytes bytes arrived" >&2; exit 1; fi',
  'mv -fT "$draft" "$to" || exit 1',
].join('; ');

/**
 * Sends a local file into a channel where `RECEIVE` runs. `progress` receives the number of bytes sent so far.
 *
 * @throws ProvisionError (failed) with the host's output if it cannot write, (unreachable) if the connection is lost
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
  const { code, output } = await Promise.race([ended, copied.then(() => ended)]);
  if (code !== 0) throw refusal(link, upload, code, output);
}

/** Checks before anything is sent that the file exists, that its size is as expected, and that the path is valid. */
export function checkUpload({ from, to, bytes }: Upload): void {
  const size = statSync(from, { throwIfNoEntry: false })?.size;
  if (size === undefined)
    throw failure({
      place: from,
      what: 'the file to upload does not exist',
      todo: 'run again to build or download it',
    });
  if (size !== bytes)
    throw failure({
      place: from,
      what: `expected a file of ${bytes} bytes, found ${size}`,
      todo: 'the file changed during the run: run again',
    });
  if (to.includes('\n'))
    throw failure({ what: `cannot upload to a path that contains a newline: ${JSON.stringify(to)}` });
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

function ending(channel: ClientChannel): Promise<{ code: number | undefined; output: string }> {
  let output = '';
  let code: number | undefined;
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4000);
  };
  channel.on('data', collect);
  channel.stderr.on('data', collect);
  channel.on('exit', (status: number | null) => {
    code = status ?? undefined;
  });
  return new Promise((resolve) => {
    channel.on('close', () => resolve({ code, output }));
  });
}

function refusal(link: Link, { to }: Upload, code: number | undefined, output: string): ProvisionError {
  const place = link.target.place;
  if (code === undefined) return lost(link, `the upload of ${to} was interrupted`, output);
  const full = /no space left|quota exceeded/i.test(output);
  return (
    sudoRefusal(link.target, output) ??
    failure({
      place,
      what: full ? `no space left for ${to}` : `${to} could not be written`,
      said: output,
      ...(full ? { todo: `free some space on the host: df -h ${to.replace(/\/[^/]*$/, '') || '/'}` } : {}),
    })
  );
}
