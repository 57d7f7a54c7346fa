import { failure } from '../../errors.ts';
import { type Change, type Notify, notified, type Resource } from '../../language/resource.ts';
import type { Text } from '../../language/template.ts';
import type { Seen } from '../../shell/exchange.ts';
import { type Script, sh } from '../../shell/sh.ts';
import { word } from '../check.ts';
import { type Content, textOf, withSecrets } from '../content.ts';
import { KUBECONFIG } from './cluster.ts';
import { type ObjectDiff, parseDiff } from './diff.ts';
import { kubectl } from './kubectl.ts';

export interface ManifestOptions extends Notify {
  /** Objects in YAML, separated by `---`. */
  content: Content;
  /** Hides the diff even if the content has no known secrets. */
  sensitive?: boolean;
}

/** What the API server answers to a dry run. */
export interface ManifestState {
  /** `none`: there is no cluster on this host yet. */
  readonly cluster: 'none' | 'answers' | 'refuses';
  readonly diffs: readonly ObjectDiff[];
  /** The API server's own words when it refuses the manifest or does not answer. */
  readonly said: string;
}

/**
 * Objects of a cluster, applied on one of its control planes. The API server itself compares them (a server-side dry
 * run), so its defaults, admission and the fields of other managers count. Fields that somebody else has changed are set
 * again; fields that the manifest no longer has are removed, objects are not.
 */
export function manifest(name: string, options: ManifestOptions): Resource<ManifestState> {
  const place = `kubernetes.manifest ${word('kubernetes.manifest', name, /^[\w.-]+$/, 'a name of letters, digits, "." and "-"')}`;
  const text = textOf(place, options.content);
  const sensitive = options.sensitive === true || text.secrets.length > 0;
  return {
    kind: 'kubernetes.manifest',
    name,
    probe: { script: withSecrets(text.secrets, compare(text)), read },
    plan: (state) => plan(place, text, sensitive, state),
    ...notified(options),
  };
}

const MANAGER = ['--server-side', '--force-conflicts', '--field-manager=provisioner', '--filename=-'];

/** `kubectl diff` exits with 0 if nothing differs, with 1 if something does, and with more if it fails. */
const compare = ({ text }: Text): Script => sh`if [ ! -e ${KUBECONFIG} ]; then exit 64; fi
printf %s ${text} | ${kubectl} diff ${MANAGER}`;

function read({ code, stdout, stderr }: Seen): ManifestState {
  if (code === 64) return { cluster: 'none', diffs: [], said: '' };
  if (code > 1) return { cluster: 'refuses', diffs: parseDiff(stdout), said: stderr };
  return { cluster: 'answers', diffs: parseDiff(stdout), said: '' };
}

function plan(place: string, text: Text, sensitive: boolean, state: ManifestState): Change[] {
  const script = withSecrets(
    text.secrets,
    sh`printf %s ${text.text} | ${kubectl} apply ${MANAGER} >/dev/null`,
  );
  if (state.cluster === 'none') return [{ summary: `create ${counted(text)}`, script }];
  if (state.cluster === 'refuses' && !NO_NAMESPACE.test(state.said)) throw refused(place, state.said);
  if (state.cluster === 'refuses') return [{ summary: `create ${counted(text)}`, script }];
  const [first, ...more] = grouped(state.diffs).map(([summary, diff]): Change => {
    return { summary, ...(sensitive || !diff ? {} : { diff }), script: sh`:` };
  });
  return first ? [{ ...first, script }, ...more] : [];
}

/** A summary for each object, or one for many new objects of the same kind. */
function grouped(diffs: readonly ObjectDiff[]): [string, ObjectDiff?][] {
  const kindOf = ({ object }: ObjectDiff) => object.split(' ')[0] ?? '';
  const kinds = new Map<string, number>();
  for (const one of diffs) if (one.created) kinds.set(kindOf(one), (kinds.get(kindOf(one)) ?? 0) + 1);
  const many = [...kinds].filter(([, count]) => count > MANY);
  const isOneOfMany = (one: ObjectDiff) => one.created && many.some(([kind]) => kind === kindOf(one));
  return [
    ...diffs
      .filter((one) => !isOneOfMany(one))
      .map((one): [string, ObjectDiff] => [`${one.created ? 'create' : 'change'} ${one.object}`, one]),
    ...many.map(([kind, count]): [string] => [`create ${count} × ${kind}`]),
  ];
}

const MANY = 10;

/** A dry run cannot look into a namespace, or use a kind, that the same manifest creates. */
const NO_NAMESPACE = /namespaces "[^"]+" not found|no matches for kind/;

/** `3 objects`: what is between the separators and is not only a comment. */
function counted({ text }: Text): string {
  const count = text.split(/^---.*$/m).filter((part) => /^\w+:/m.test(part)).length;
  return count === 1 ? '1 object' : `${count} objects`;
}

const refused = (place: string, said: string) =>
  failure({
    place,
    what: 'the API server does not accept a dry run of these objects',
    said,
    todo: 'if it does not answer, start its machine and run again; otherwise correct the manifest',
  });
