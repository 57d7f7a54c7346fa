import { posix } from 'node:path';
import { inputError } from '../errors.ts';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { absolute } from './check.ts';
import { refusal, standing } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

/** Nothing at this path: a folder goes with all it holds, save what is mounted in it. */
export function absent(path: string, options: Notify = {}): Resource<PathState> {
  if (posix.dirname(path) === '/') {
    throw inputError({
      place: `absent ${path}`,
      what: 'a folder of the root is not removed with all it holds',
      todo: 'file.absent(…) removes a file there',
    });
  }
  return removed('absent', path, true, options);
}

/** The resource behind `absent` and `file.absent`. */
export function removed(kind: string, path: string, folders: boolean, options: Notify): Resource<PathState> {
  const name = absolute(kind, path);
  return {
    kind,
    name,
    probe: probePath({ path: name }),
    plan: (state) => plan(name, folders, state),
    ...notified(options),
  };
}

function plan(path: string, folders: boolean, state: PathState): Change[] {
  if (state.kind === 'absent') return [];
  if (state.kind === 'directory' && !folders) {
    return [refusal(`${path} is a directory`, 'absent(path) removes folders with all they hold')];
  }
  const script = sh`rm -rf --one-file-system -- ${path}
sync ${posix.dirname(path)}`;
  return [{ summary: `remove the ${standing(state)}`, script }];
}
