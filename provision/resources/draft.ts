import { posix } from 'node:path';
import type { Change } from '../language/resource.ts';
import type { Text } from '../language/template.ts';
import { type Script, sh } from '../shell/sh.ts';
import type { Owned } from './check.ts';
import { hiding } from './content.ts';
import type { PathState } from './paths.ts';

/** The draft of a path, in the same folder, hidden, with a name that no `*.conf` and no cron reads. */
export const draftOf = (path: string) =>
  posix.join(posix.dirname(path), `.${posix.basename(path)}.provision-draft`);

/** A check of the draft before it becomes the file: `(draft) => sh`visudo -cf ${draft}``. */
export type Validate = (draft: string) => Script;

/**
 * Writes a file so that it is never half there and never readable by more than it should be: a new draft under
 * umask 077, settled. A draft that a crash left is replaced; a link that somebody laid in its place is not followed.
 */
export function write(path: string, { text, secrets }: Text, ownership: Owned, validate?: Validate): Script {
  const draft = draftOf(path);
  return hiding(
    secrets,
    sh`${cleared(draft)}
trap ${`rm -f -- '${draft.replaceAll("'", "'\\''")}'`} EXIT
umask 077
set -C
# Through cat, which says why it cannot write: the shell's own printf says "I/O error" of a full disk.
printf %s ${text} | cat >${draft}
set +C
${finishDraft(path, ownership, validate)}
trap - EXIT`,
  );
}

/** Nothing at the path of a draft; a process only when a crash, or somebody, left something there. */
export const cleared = (draft: string): Script =>
  sh`if [ -e ${draft} ] || [ -L ${draft} ]; then rm -rf -- ${draft}; fi`;

/** A draft becomes the file: owner and mode, validated, on the disk, renamed, and the name on the disk. */
export function finishDraft(path: string, { owner, group, mode }: Owned, validate?: Validate): Script {
  const draft = draftOf(path);
  return sh`chown -h ${`${owner}:${group}`} ${draft}
chmod ${`0${mode}`} ${draft}
${validate?.(draft) ?? sh`:`}
sync ${draft}
mv -fT -- ${draft} ${path}
sync ${posix.dirname(path)}`;
}

/** What of owner and mode is not as it should be: `mode 0644 → 0600`. Empty when all is. */
export function ownershipDrift(state: PathState, { owner, group, mode }: Owned): string[] {
  const drift = [];
  const owner_ = owner === state.owner || owner === state.uid;
  const group_ = group === state.group || group === state.gid;
  if (!owner_ || !group_) drift.push(`owner ${state.owner}:${state.group} → ${owner}:${group}`);
  if (mode !== state.mode) drift.push(`mode ${state.mode} → ${mode}`);
  return drift;
}

/** Owner and mode alone. Five digits: with fewer, `chmod` keeps a folder's set-group-ID bit. */
export function own(path: string, { owner, group, mode }: Owned): Script {
  return sh`chown -h ${`${owner}:${group}`} ${path}
chmod ${`0${mode}`} ${path}`;
}

/** A change that is not made, because it would destroy what somebody may need; it fails with what to do instead. */
export function refusal(why: string, todo: string): Change {
  return {
    summary: `refused: ${why}`,
    script: sh`echo ${`${why}; ${todo}`} >&2
exit 1`,
  };
}

/** What stands at a path, in words. */
export function standing({ kind, target }: PathState): string {
  return kind === 'link' ? `symbolic link to ${target}` : kind === 'other' ? 'special file' : kind;
}
