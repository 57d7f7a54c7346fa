import { posix } from 'node:path';
import { inputError } from '../errors.ts';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { absolute } from './check.ts';
import { describe, refusal } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

/** Removes whatever is at this path. A directory is removed with its contents, except file systems mounted in it. */
export function absent(path: string, options: Notify = {}): Resource<PathState> {
  if (posix.dirname(path) === '/') {
    throw inputError({
      place: `absent ${path}`,
      what: 'a top-level directory cannot be removed',
      todo: 'to remove a file in /, use file.absent(path)',
    });
  }
  return removed('absent', path, true, options);
}

/** The resource behind `absent` and `file.absent`. */
export function removed(
  kind: string,
  path: string,
  directories: boolean,
  options: Notify,
): Resource<PathState> {
  const name = absolute(kind, path);
  return {
    kind,
    name,
    probe: probePath({ path: name }),
    plan: (state) => plan(name, directories, state),
    ...notified(options),
  };
}

function plan(path: string, directories: boolean, state: PathState): Change[] {
  if (state.kind === 'absent') return [];
  if (state.kind === 'directory' && !directories) {
    return [refusal(`${path} is a directory`, 'to remove a directory with its contents, use absent(path)')];
  }
  const script = sh`rm -rf --one-file-system -- ${path}
sync ${posix.dirname(path)}`;
  return [{ summary: `remove the ${describe(state)}`, script }];
}
