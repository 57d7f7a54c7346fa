import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { inputPathspecs } from './inputs.ts';

/** The version of a release. `time`, in seconds since 1970, becomes the time of every file in it. */
export interface Version {
  version: string;
  /** The full commit hash; null for sources outside git. */
  commit: string | null;
  time: number;
}

/** 1980-01-01: the earliest time that all archive formats support. */
const noTime = 315_532_800;

/**
 * `0.1.0-1a2b3c4` for a commit, `0.1.0-1a2b3c4-dirty.HASH` if a source file of the release differs from the commit,
 * `0.1.0-content.HASH` for sources outside git. A path with a version needs no quoting.
 */
export async function readVersion(root: string, inputsHash: string): Promise<Version> {
  const base: string = JSON.parse(readFileSync(join(root, 'app/package.json'), 'utf8')).version;
  const head = await readHead(root);
  if (!head) return { version: `${base}-content.${inputsHash.slice(0, 12)}`, commit: null, time: noTime };
  const short = `${base}-${head.commit.slice(0, 7)}`;
  const changed = await git(root, 'status', '--porcelain', '--untracked-files=all', '--', ...inputPathspecs);
  return { ...head, version: changed ? `${short}-dirty.${inputsHash.slice(0, 8)}` : short };
}

/** Undefined without git or a commit, or if the folder is merely inside another checkout. */
async function readHead(root: string): Promise<{ commit: string; time: number } | undefined> {
  const inside = await git(root, 'rev-parse', '--show-prefix');
  if (inside !== '') return undefined;
  const [commit, time] = (await git(root, 'log', '-1', '--format=%H %ct'))?.split(' ') ?? [];
  return commit && time ? { commit, time: Number(time) } : undefined;
}

/** The output of git; undefined if it fails. It takes no lock, because a commit may be in progress in this checkout. */
async function git(root: string, ...words: string[]): Promise<string | undefined> {
  const { failed, stdout } = await execa('git', ['--no-optional-locks', ...words], {
    cwd: root,
    reject: false,
  });
  return failed ? undefined : stdout;
}
