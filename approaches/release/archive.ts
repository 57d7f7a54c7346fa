import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { execa } from 'execa';
import { failure } from '../../provision/index.ts';

/** The files of an archive by their path in it. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/** Options that make the archive independent of this machine: sorted, with one time (seconds since 1970), owner and mode. */
const reproducible = (time: number) => [
  '--format=ustar',
  '--sort=name',
  `--mtime=@${time}`,
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX,a-st',
];

/** A .tar.gz of the files, in one top-level folder. The same arguments give the same bytes on every machine. */
export async function archive(top: string, files: Files, time: number): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'theapp-release-'));
  try {
    for (const [path, content] of files) {
      const file = join(folder, top, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    return await compress(await tar(folder, top, time));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tar(folder: string, top: string, time: number): Promise<Uint8Array> {
  const result = await execa('tar', ['--create', ...reproducible(time), '-C', folder, top], {
    encoding: 'buffer',
    env: { LC_ALL: 'C', TAR_OPTIONS: '' },
    maxBuffer: 200_000_000,
    reject: false,
  });
  if (!result.failed) return result.stdout;
  throw failure({
    what: 'the release cannot be packed: GNU tar failed',
    said: Buffer.from(result.stderr ?? []).toString() || (result.shortMessage ?? ''),
    todo: 'tar --version must print "GNU tar"; to install it: sudo apt-get install tar',
  });
}

/** The gzip header (RFC 1952) has no name and no time, but Node sets the operating system in byte 9: make it 255, unknown. */
async function compress(content: Uint8Array): Promise<Buffer> {
  const zipped = await promisify(gzip)(content, { level: 9 });
  zipped[9] = 255;
  return zipped;
}
