import { posix } from 'node:path';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { absolute, word } from './check.ts';
import { cleared, describe, draftOf, refusal } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface SymlinkOptions extends Notify {
  /** The target, absolute or relative to the directory of the link; it need not exist. */
  target: string;
}

/** A symbolic link, switched atomically. A file in its place is replaced, a directory is not. */
export function symlink(path: string, options: SymlinkOptions): Resource<PathState> {
  const name = absolute('symlink', path);
  const target = word(`symlink ${name}`, options.target, /^[^\p{Cc}]+$/u, 'a path');
  return {
    kind: 'symlink',
    name,
    probe: probePath({ path: name }),
    plan: (state) => plan(name, target, state),
    ...notified(options),
  };
}

function plan(path: string, target: string, state: PathState): Change[] {
  if (state.kind === 'link' && state.target === target) return [];
  if (state.kind === 'directory') {
    return [
      refusal(
        `${path} is a directory`,
        'to remove it with its contents, put absent(path) before this resource',
      ),
    ];
  }
  const summary =
    state.kind === 'absent'
      ? `create → ${target}`
      : state.kind === 'link'
        ? `change target ${state.target} → ${target}`
        : `replace the ${describe(state)} with a link → ${target}`;
  return [{ summary, script: link(path, target) }];
}

/** Renames a new link over the old one, so that the path always exists. */
export function link(path: string, target: string) {
  const draft = draftOf(path);
  return sh`${cleared(draft)}
ln -s -- ${target} ${draft}
mv -fT -- ${draft} ${path}
sync ${posix.dirname(path)}`;
}
