import { posix } from 'node:path';
import type { Artefact } from '../language/artefact.ts';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { type Script, sh } from '../shell/sh.ts';
import { absolute, type Ownership, owned, word } from './check.ts';
import { changeOf, describe, draftOf, finishDraft, ownershipDrift, refusal, setOwnership } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface ArtefactOptions extends Ownership, Notify {}

/** A local file copied to this path: sent only if its sha256 differs, verified on the host, then renamed. */
export function artefact(path: string, source: Artefact, options: ArtefactOptions = {}): Resource<PathState> {
  const name = absolute('artefact', path);
  const ownership = owned(`artefact ${name}`, options, '0644');
  checkSha256(`artefact ${name}`, source);
  const plan = (state: PathState): Change[] => {
    if (state.kind === 'directory') {
      return [
        refusal(
          `${name} is a directory`,
          'to remove it with its contents, put absent(path) before this resource',
        ),
      ];
    }
    const drift = state.kind === 'file' ? ownershipDrift(state, ownership) : [];
    if (state.kind === 'file' && state.sha256 === source.sha256) {
      return drift.length > 0 ? [{ summary: changeOf(drift), script: setOwnership(name, ownership) }] : [];
    }
    const what =
      state.kind === 'absent'
        ? 'upload'
        : state.kind === 'file'
          ? 'upload (the sha256 differs)'
          : `replace the ${describe(state)}`;
    const summary = drift.length > 0 ? `${what}, ${changeOf(drift)}` : what;
    return [uploading(summary, source, draftOf(name), finishDraft(name, ownership))];
  };
  return {
    kind: 'artefact',
    name,
    probe: probePath({ path: name, sha256: source.sha256, text: 'never' }),
    plan,
    ...notified(options),
  };
}

/** @throws ProvisionError (input) if the sha256 is malformed */
export function checkSha256(place: string, { sha256 }: Artefact): void {
  word(place, sha256, /^[0-9a-f]{64}$/, 'a sha256 of 64 lower-case hex digits');
}

/** A change that uploads a file to `to`, verifies it before `script` uses it, and removes it afterwards. */
export function uploading(
  summary: string,
  { file, sha256, bytes }: Artefact,
  to: string,
  script: Script,
): Change {
  return {
    summary,
    upload: { from: file, to, bytes },
    script: sh`u=${to}
trap 'rm -f -- "$u"' EXIT
s=$(sha256sum <"$u")
if [ "$s" != ${`${sha256}  -`} ]; then echo ${`the uploaded file differs from the local file: ${posix.basename(file)}`} >&2; exit 1; fi
${script}`,
  };
}
