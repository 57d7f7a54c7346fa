import { createHash } from 'node:crypto';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import type { Text } from '../language/template.ts';
import { type Script, sh } from '../shell/sh.ts';
import { removed } from './absent.ts';
import { absolute, type Owned, type Ownership, owned } from './check.ts';
import { type Content, textOf } from './content.ts';
import { changeOf, describe, ownershipDrift, refusal, setOwnership, type Validate, write } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface FileOptions extends Ownership, Notify {
  content: Content;
  /** Validates the draft; if it fails, the file is not changed. */
  validate?: Validate;
  /** Hides the diff even if the content has no known secrets. */
  sensitive?: boolean;
  /** Replaces a directory at the path, with its contents. */
  force?: boolean;
}

/** The complete description of a file, for resources that are based on a file. */
export interface FileSpec {
  readonly kind: string;
  readonly name: string;
  readonly path: string;
  readonly text: Text;
  readonly ownership: Owned;
  readonly sensitive: boolean;
  readonly force: boolean;
  readonly validate?: Validate;
  /** Scripts that run before and after the file is written, in the same change. */
  readonly before?: Script;
  readonly after?: Script;
}

/**
 * A file with this content; default: root:root and 0644. It is written to a draft in the same directory and renamed. A
 * symbolic link at the path is replaced, not followed.
 */
function present(path: string, options: FileOptions): Resource<PathState> {
  const name = absolute('file', path);
  const place = `file ${name}`;
  const text = textOf(place, options.content);
  return {
    ...fileLike({
      kind: 'file',
      name,
      path: name,
      text,
      ownership: owned(place, options, '0644'),
      sensitive: options.sensitive === true || text.secrets.length > 0,
      force: options.force === true,
      ...(options.validate ? { validate: options.validate } : {}),
    }),
    ...notified(options),
  };
}

/** The resource for a complete description of a file. */
export function fileLike(spec: FileSpec): Resource<PathState> {
  const sha256 = createHash('sha256').update(spec.text.text).digest('hex');
  const text = spec.sensitive ? 'never' : 'differs';
  return {
    kind: spec.kind,
    name: spec.name,
    probe: probePath({ path: spec.path, sha256, text }),
    plan: (state) => plan(spec, sha256, state),
  };
}

function plan(spec: FileSpec, sha256: string, state: PathState): Change[] {
  const { path, ownership, force } = spec;
  if (state.kind === 'directory' && !force) {
    return [
      refusal(`${path} is a directory`, 'to replace it and its contents with the file, set force: true'),
    ];
  }
  const drift = state.kind === 'file' ? ownershipDrift(state, ownership) : [];
  if (state.kind === 'file' && state.sha256 === sha256) {
    return drift.length > 0 ? [{ summary: changeOf(drift), script: setOwnership(path, ownership) }] : [];
  }
  const summary =
    state.kind === 'absent'
      ? 'create'
      : state.kind === 'file'
        ? changeOf(['its content', ...drift])
        : `replace the ${describe(state)} with a file`;
  return [{ summary, ...diff(spec, state), script: written(spec, state) }];
}

function written({ path, text, ownership, validate, before, after }: FileSpec, { kind }: PathState): Script {
  const clear = kind === 'directory' ? sh`rm -rf --one-file-system -- ${path}` : sh`:`;
  return sh`${before ?? sh`:`}
${clear}
${write(path, text, ownership, validate)}
${after ?? sh`:`}`;
}

/** The old and the new text, `(secret)` for both, or no diff if the old text was too long to fetch. */
function diff({ path, text, sensitive }: FileSpec, state: PathState): Pick<Change, 'diff'> {
  if (sensitive) {
    return { diff: { path, before: state.kind === 'file' ? '(secret)\n' : '', after: '(secret)\n' } };
  }
  if (state.kind === 'file' && state.text === undefined) return {};
  return { diff: { path, before: state.text ?? '', after: text.text } };
}

/** Removes a file. A directory at this path is an error; `absent(path)` removes directories. */
const absent = (path: string, options: Notify = {}) => removed('file.absent', path, false, options);

export const file = Object.assign(present, { absent });
