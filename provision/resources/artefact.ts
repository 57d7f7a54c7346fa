import { posix } from 'node:path';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';
import { absolute, type Ownership, owned, word } from './check.ts';
import { draftOf, finishDraft, own, ownershipDrift, refusal, standing } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

/** A local file that was weighed and hashed before anything was contacted. */
export interface Local {
  /** Its path here. */
  from: string;
  /** 64 hex digits. */
  sha256: string;
  bytes: number;
}

export interface ArtefactOptions extends Local, Ownership, Notify {}

/** A local file's bytes at this path: sent only when the sha256 differs, checked again on the host, then renamed. */
export function artefact(path: string, options: ArtefactOptions): Resource<PathState> {
  const name = absolute('artefact', path);
  const ownership = owned(`artefact ${name}`, options, '0644');
  const local = checked(`artefact ${name}`, options);
  const plan = (state: PathState): Change[] => {
    if (state.kind === 'directory') {
      return [refusal(`${name} is a directory`, 'absent(path) before it removes it with all it holds')];
    }
    const drift = state.kind === 'file' ? ownershipDrift(state, ownership) : [];
    if (state.kind === 'file' && state.sha256 === local.sha256) {
      return drift.length > 0 ? [{ summary: drift.join(', '), script: own(name, ownership) }] : [];
    }
    const what =
      state.kind === 'absent'
        ? 'upload'
        : state.kind === 'file'
          ? 'upload: another sha256'
          : `replace the ${standing(state)}`;
    return [uploading([what, ...drift].join(', '), local, draftOf(name), finishDraft(name, ownership))];
  };
  return {
    kind: 'artefact',
    name,
    probe: probePath({ path: name, sha256: local.sha256, text: 'never' }),
    plan,
    ...notified(options),
  };
}

/** @throws ProvisionError (input) for a sha256 that is none */
export function checked(place: string, { from, sha256, bytes }: Local): Local {
  word(place, sha256, /^[0-9a-f]{64}$/, 'a sha256 of 64 lower-case hex digits');
  return { from, sha256, bytes };
}

/** A change that begins with an upload to `to`, which is checked before `script` uses it and gone after. */
export function uploading(
  summary: string,
  { from, sha256, bytes }: Local,
  to: string,
  script: Script,
): Change {
  return {
    summary,
    upload: { from, to, bytes },
    script: sh`u=${to}
trap 'rm -f -- "$u"' EXIT
s=$(sha256sum <"$u")
if [ "$s" != ${`${sha256}  -`} ]; then echo ${`what arrived is not the file that was sent: ${posix.basename(from)}`} >&2; exit 1; fi
${script}`,
  };
}
