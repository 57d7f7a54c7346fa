import { createHash } from 'node:crypto';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import type { Text } from '../language/template.ts';
import { type Script, sh } from '../shell/sh.ts';
import { removed } from './absent.ts';
import { absolute, type Owned, type Ownership, owned } from './check.ts';
import { type Content, textOf } from './content.ts';
import { own, ownershipDrift, refusal, standing, type Validate, write } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface FileOptions extends Ownership, Notify {
  content: Content;
  /** Checks the draft; when it fails, the file stays as it was. */
  validate?: Validate;
  /** The diff is not shown, also when no secret is known to stand in the content. */
  sensitive?: boolean;
  /** Replaces a folder that stands at the path, with all it holds. */
  force?: boolean;
}

/** What a file should be, worked out: for resources that are a file and something more. */
export interface FileSpec {
  readonly kind: string;
  readonly name: string;
  readonly path: string;
  readonly text: Text;
  readonly ownership: Owned;
  readonly sensitive: boolean;
  readonly force: boolean;
  readonly validate?: Validate;
  /** Runs before the file is written, after it was, in the same change. */
  readonly before?: Script;
  readonly after?: Script;
}

/**
 * A file with this content: root:root and 0644 unless said. Written to a draft beside it and renamed; a symbolic
 * link at the path is replaced, not followed.
 */
function whole(path: string, options: FileOptions): Resource<PathState> {
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

/** The resource of a worked-out file. */
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
    return [refusal(`${path} is a directory`, 'force: true replaces it by the file, with all it holds')];
  }
  const drift = state.kind === 'file' ? ownershipDrift(state, ownership) : [];
  if (state.kind === 'file' && state.sha256 === sha256) {
    return drift.length > 0 ? [{ summary: drift.join(', '), script: own(path, ownership) }] : [];
  }
  const what =
    state.kind === 'absent'
      ? 'create'
      : state.kind === 'file'
        ? 'content'
        : `replace the ${standing(state)} by a file`;
  return [{ summary: [what, ...drift].join(', '), ...diff(spec, state), script: written(spec, state) }];
}

function written({ path, text, ownership, validate, before, after }: FileSpec, { kind }: PathState): Script {
  const clear = kind === 'directory' ? sh`rm -rf --one-file-system -- ${path}` : sh`:`;
  return sh`${before ?? sh`:`}
${clear}
${write(path, text, ownership, validate)}
${after ?? sh`:`}`;
}

/** Both sides, or `(secret)` for both, or nothing when the old text was too long to fetch. */
function diff({ path, text, sensitive }: FileSpec, state: PathState): Pick<Change, 'diff'> {
  if (sensitive) {
    return { diff: { path, before: state.kind === 'file' ? '(secret)\n' : '', after: '(secret)\n' } };
  }
  if (state.kind === 'file' && state.text === undefined) return {};
  return { diff: { path, before: state.text ?? '', after: text.text } };
}

/** No file at this path. A folder there is an error: `absent(path)` removes folders. */
const gone = (path: string, options: Notify = {}) => removed('file.absent', path, false, options);

export const file = Object.assign(whole, { absent: gone });
