import { posix } from 'node:path';
import type { Change } from '../language/resource.ts';
import type { Text } from '../language/template.ts';
import { type Script, sh } from '../shell/sh.ts';
import type { Owned } from './check.ts';
import { withSecrets } from './content.ts';
import type { PathState } from './paths.ts';

/** The draft of a file: hidden, in the same directory, with a name that `*.conf` does not match and cron ignores. */
export const draftOf = (path: string) =>
  posix.join(posix.dirname(path), `.${posix.basename(path)}.provision-draft`);

/** Validates the draft before it replaces the file: `(draft) => sh`visudo -cf ${draft}``. */
export type Validate = (draft: string) => Script;

/**
 * Writes a file atomically and without exposing its content: a new draft under umask 077 is finished and renamed. A
 * draft left by a crash is replaced; a symbolic link in its place is not followed.
 */
export function write(path: string, { text, secrets }: Text, ownership: Owned, validate?: Validate): Script {
  const draft = draftOf(path);
  return withSecrets(
    secrets,
    sh`${cleared(draft)}
trap ${`rm -f -- '${draft.replaceAll("'", "'\\''")}'`} EXIT
umask 077
set -C
# cat reports why it cannot write; the shell's own printf reports a full disk as "I/O error".
printf %s ${text} | cat >${draft}
set +C
${finishDraft(path, ownership, validate)}
trap - EXIT`,
  );
}

/** Removes an old draft. Starts a process only if there is one. */
export const cleared = (draft: string): Script =>
  sh`if [ -e ${draft} ] || [ -L ${draft} ]; then rm -rf -- ${draft}; fi`;

/** Sets owner and mode of a draft, validates it, syncs it, renames it to the file, and syncs the directory. */
export function finishDraft(path: string, { owner, group, mode }: Owned, validate?: Validate): Script {
  const draft = draftOf(path);
  return sh`chown -h ${`${owner}:${group}`} ${draft}
chmod ${`0${mode}`} ${draft}
${validate?.(draft) ?? sh`:`}
sync ${draft}
mv -fT -- ${draft} ${path}
sync ${posix.dirname(path)}`;
}

/** Differences in owner and mode, for example `mode 0644 → 0600`. Empty if there are none. */
export function ownershipDrift(state: PathState, { owner, group, mode }: Owned): string[] {
  const drift = [];
  const owner_ = owner === state.owner || owner === state.uid;
  const group_ = group === state.group || group === state.gid;
  if (!owner_ || !group_) drift.push(`owner ${state.owner}:${state.group} → ${owner}:${group}`);
  if (mode !== state.mode) drift.push(`mode ${state.mode} → ${mode}`);
  return drift;
}

/** Sets owner and mode. The mode has five digits; with fewer, `chmod` keeps the set-group-ID bit of a directory. */
export function setOwnership(path: string, { owner, group, mode }: Owned): Script {
  return sh`chown -h ${`${owner}:${group}`} ${path}
chmod ${`0${mode}`} ${path}`;
}

/** A change that always fails, because the real one could destroy data. Its message says what to do instead. */
export function refusal(why: string, todo: string): Change {
  return {
    summary: `fail: ${why}`,
    script: sh`echo ${`${why}; ${todo}`} >&2
exit 1`,
  };
}

/** A summary of differences: `change its content, mode 0644 → 0600`. */
export const changeOf = (drift: readonly string[]) => `change ${drift.join(', ')}`;

/** What is at a path, for messages. */
export function describe({ kind, target }: PathState): string {
  return kind === 'link' ? `symbolic link to ${target}` : kind === 'other' ? 'special file' : kind;
}
