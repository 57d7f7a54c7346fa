import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { execa } from 'execa';
import { failure } from '../../provision/index.ts';

/** The files of an archive by their path in it. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/** Nothing of this machine in it: sorted by name, one time (seconds since 1970), one owner, fixed modes. */
const reproducible = (time: number) => [
  '--format=ustar',
  '--sort=name',
  `--mtime=@${time}`,
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX,a-st',
];

/** A .tar.gz of the files under one top folder; the same bytes for the same arguments, on any machine. */
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
    todo: 'tar --version must say "GNU tar"; sudo apt-get install tar',
  });
}

/** Node writes no name and no time into the header (RFC 1952), but the operating system in byte 9: 255, unknown. */
async function compress(content: Uint8Array): Promise<Buffer> {
  const zipped = await promisify(gzip)(content, { level: 9 });
  zipped[9] = 255;
  return zipped;
}
