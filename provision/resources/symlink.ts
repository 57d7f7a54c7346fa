import { posix } from 'node:path';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { sh } from '../shell/sh.ts';
import { absolute, word } from './check.ts';
import { cleared, draftOf, refusal, standing } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface SymlinkOptions extends Notify {
  /** Where it points, absolute or relative to the link's folder; it need not exist. */
  target: string;
}

/** A symbolic link, switched in one step. A file in its place is replaced, a folder never. */
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
    return [refusal(`${path} is a directory`, 'absent(path) before it removes it with all it holds')];
  }
  const summary =
    state.kind === 'absent'
      ? `create → ${target}`
      : state.kind === 'link'
        ? `${state.target} → ${target}`
        : `replace the ${standing(state)} by a link → ${target}`;
  return [{ summary, script: link(path, target) }];
}

/** A link is renamed over what stands there: there is no moment without one. */
export function link(path: string, target: string) {
  const draft = draftOf(path);
  return sh`${cleared(draft)}
ln -s -- ${target} ${draft}
mv -fT -- ${draft} ${path}
sync ${posix.dirname(path)}`;
}
