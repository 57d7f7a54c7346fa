import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { absolute, type Owned, type Ownership, owned } from './check.ts';
import { changeOf, describe, ownershipDrift, refusal, setOwnership } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface DirectoryOptions extends Ownership, Notify {
  /** Whether everything below it gets the same owner and group; modes below are not changed. */
  recursive?: boolean;
}

/** A directory; default: root:root and 0755. Missing parent directories are created with root:root and 0755. */
export function directory(path: string, options: DirectoryOptions = {}): Resource<PathState> {
  const name = absolute('directory', path);
  const ownership = owned(`directory ${name}`, options, '0755');
  const { owner, group } = ownership;
  return {
    kind: 'directory',
    name,
    probe: probePath({ path: name, ...(options.recursive ? { below: { owner, group } } : {}) }),
    plan: (state) => plan(name, ownership, options.recursive === true, state),
    ...notified(options),
  };
}

function plan(path: string, ownership: Owned, recursive: boolean, state: PathState): Change[] {
  if (state.kind === 'absent') {
    const script = sh`umask 022
mkdir -p -- ${path}
${setOwnership(path, ownership)}`;
    return [{ summary: 'create', script }];
  }
  if (state.kind !== 'directory') {
    return [
      refusal(`${path} is a ${describe(state)}`, 'to remove it, put file.absent(path) before this resource'),
    ];
  }
  const drift = ownershipDrift(state, ownership);
  const stray = recursive && state.stray !== undefined;
  if (stray) drift.push(`owner of ${state.stray} and others below to ${ownership.owner}:${ownership.group}`);
  if (drift.length === 0) return [];
  const all = stray ? sh`chown -hR -- ${`${ownership.owner}:${ownership.group}`} ${path}` : sh`:`;
  return [
    {
      summary: changeOf(drift),
      script: sh`${all}
${setOwnership(path, ownership)}`,
    },
  ];
}
