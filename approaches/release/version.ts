import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { inputPathspecs } from './inputs.ts';

/** What names a release. `time` is in seconds since 1970 and becomes the time of every file in it. */
export interface Version {
  version: string;
  /** The whole commit, or null for sources outside git. */
  commit: string | null;
  time: number;
}

/** 1980-01-01: the earliest time that every archive format can write. */
const noTime = 315_532_800;

/**
 * `0.1.0-1a2b3c4` for a commit, `0.1.0-1a2b3c4-dirty.HASH` when a file that the release is made of differs
 * from it, `0.1.0-content.HASH` for sources outside git. Only characters that need no quoting in a path.
 */
export async function readVersion(root: string, inputsHash: string): Promise<Version> {
  const base: string = JSON.parse(readFileSync(join(root, 'app/package.json'), 'utf8')).version;
  const head = await readHead(root);
  if (!head) return { version: `${base}-content.${inputsHash.slice(0, 12)}`, commit: null, time: noTime };
  const short = `${base}-${head.commit.slice(0, 7)}`;
  const changed = await git(root, 'status', '--porcelain', '--untracked-files=all', '--', ...inputPathspecs);
  return { ...head, version: changed ? `${short}-dirty.${inputsHash.slice(0, 8)}` : short };
}

/** Nothing when there is no git, no commit, or when the folder only lies inside somebody else's checkout. */
async function readHead(root: string): Promise<{ commit: string; time: number } | undefined> {
  const inside = await git(root, 'rev-parse', '--show-prefix');
  if (inside !== '') return undefined;
  const [commit, time] = (await git(root, 'log', '-1', '--format=%H %ct'))?.split(' ') ?? [];
  return commit && time ? { commit, time: Number(time) } : undefined;
}

/** What git says, or nothing when it fails. It takes no lock: somebody may be committing in this checkout. */
async function git(root: string, ...words: string[]): Promise<string | undefined> {
  const { failed, stdout } = await execa('git', ['--no-optional-locks', ...words], {
    cwd: root,
    reject: false,
  });
  return failed ? undefined : stdout;
}
