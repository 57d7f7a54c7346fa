import { createHash, randomBytes } from 'node:crypto';
import { inputError } from '../../errors.ts';
import { type Change, type Notify, notified, type Resource } from '../../language/resource.ts';
import { reveal, type Secret } from '../../shell/secret.ts';
import { lines, type Script, sh } from '../../shell/sh.ts';
import { word } from '../check.ts';
import { environment, KUBECONFIG, namespaceName, silent } from './cluster.ts';

export interface SecretOptions extends Notify {
  namespace: string;
  /** The keys of the Secret, and their values. */
  data: Readonly<Record<string, Secret>>;
  /** Default: Opaque. */
  type?: string;
  /** On the host; default: the one that kubeadm writes for administrators. */
  kubeconfig?: string;
}

/** What a cluster has: the type, and a salted hash of each value. */
export interface SecretState {
  readonly cluster: 'none' | 'silent' | 'answers';
  readonly error: string;
  /** Empty if there is no such Secret. */
  readonly type: string;
  readonly hashes: ReadonlyMap<string, string>;
}

/**
 * A Secret object with exactly these values. They travel on the standard input of `kubectl`. The probe returns hashes
 * with a salt of this run, so that neither a value nor anything that can be looked up leaves the host.
 *
 * @throws ProvisionError (input)
 */
export function kubernetesSecret(name: string, options: SecretOptions): Resource<SecretState> {
  const { data, type = 'Opaque', kubeconfig = KUBECONFIG } = options;
  const place = `kubernetes.secret ${objectName(name)}`;
  const namespace = namespaceName(place, options.namespace);
  word(place, type, /^[\w./-]+$/, 'the type of a Secret');
  for (const key of Object.keys(data))
    word(place, key, /^[-._a-zA-Z0-9]{1,253}$/, 'letters, digits, "-", "_" and "."');
  if (Object.keys(data).length === 0) throw inputError({ place, what: 'a Secret needs at least one key' });
  const salt = randomBytes(16).toString('hex');
  const wanted = new Map(Object.entries(data).map(([key, value]) => [key, saltedHash(salt, reveal(value))]));
  const where = { name, namespace, kubeconfig };
  return {
    kind: 'kubernetes.secret',
    name: `${namespace}/${name}`,
    probe: { script: probe(where, salt), read: ({ stdout }) => read(stdout) },
    plan: (state) => {
      if (state.cluster === 'silent') throw silent(state.error);
      const summary = difference(wanted, type, state);
      return summary === undefined ? [] : [{ summary, script: write(where, type, data, state) }];
    },
    hint: `if the namespace does not exist: kubectl create namespace ${namespace}`,
    ...notified(options),
  };
}

/** The cluster does not have the Secret. */
export function secretRemoved(
  name: string,
  { namespace, kubeconfig = KUBECONFIG }: Pick<SecretOptions, 'namespace' | 'kubeconfig'>,
): Resource<SecretState> {
  const place = `kubernetes.secret.absent ${objectName(name)}`;
  const where = { name, namespace: namespaceName(place, namespace), kubeconfig };
  return {
    kind: 'kubernetes.secret.absent',
    name: `${namespace}/${name}`,
    probe: { script: probe(where, '-'), read: ({ stdout }) => read(stdout) },
    plan: (state) => {
      if (state.cluster === 'silent') throw silent(state.error);
      if (state.type === '') return [];
      return [
        {
          summary: 'delete',
          script: kubectl(where, sh`delete --ignore-not-found secret ${name} >/dev/null`),
        },
      ];
    },
  };
}

interface Where {
  readonly name: string;
  readonly namespace: string;
  readonly kubeconfig: string;
}

const kubectl = ({ namespace, kubeconfig }: Where, words: Script): Script => sh`${environment}
export KUBECONFIG=${kubeconfig}
kubectl --namespace ${namespace} ${words}`;

/** The hash covers the base64 form, which the shell can hold: a value may end with a newline. */
const saltedHash = (salt: string, value: string) =>
  createHash('sha256')
    .update(`${salt} ${Buffer.from(value).toString('base64')}`)
    .digest('hex');

/** `printf` is a part of the shell, so no value is ever an argument of a program. */
const probe = (
  where: Where,
  salt: string,
): Script => sh`if ! [ -e ${where.kubeconfig} ] || ! command -v kubectl >/dev/null; then exit 0; fi
r=0
found=$(${kubectl(where, sh`get secret ${where.name} --ignore-not-found --output go-template=${SHOW} 2>&1`)}) || r=$?
if [ $r != 0 ]; then
echo silent
printf '%s\n' "$found"
exit 0
fi
echo answers
printf '%s\n' "$found" | while read -r what key value; do
if [ "$what" = type ]; then echo "type $key"; fi
if [ "$what" = key ]; then echo "key $key $(printf '%s %s' ${salt} "$value" | sha256sum | cut -c 1-64)"; fi
done`;

const SHOW = `type {{.type}}{{"\\n"}}{{range $key, $value := .data}}key {{$key}} {{$value}}{{"\\n"}}{{end}}`;

function read(stdout: string): SecretState {
  const [verdict = '', ...rest] = stdout.split('\n');
  const rows = rest.map((line) => line.split(' '));
  return {
    cluster: verdict === 'answers' || verdict === 'silent' ? verdict : 'none',
    error: verdict === 'silent' ? rest.join('\n').trim() : '',
    type: rows.find(([what]) => what === 'type')?.[1] ?? '',
    hashes: new Map(
      rows.flatMap(([what, key, hash]) => (what === 'key' && key && hash ? [[key, hash]] : [])),
    ),
  };
}

/** What a change does, by the names of keys; undefined if nothing differs. */
function difference(
  wanted: ReadonlyMap<string, string>,
  type: string,
  { type: found, hashes }: SecretState,
): string | undefined {
  if (found === '') return `create with ${[...wanted.keys()].join(', ')}`;
  if (found !== type) return `create again: its type is ${found}`;
  const named = (what: string, keys: readonly string[]) =>
    keys.length > 0 ? [`${what} ${keys.join(', ')}`] : [];
  const keys = [...wanted.keys()];
  const words = [
    ...named(
      'add',
      keys.filter((key) => !hashes.has(key)),
    ),
    ...named(
      'change',
      keys.filter((key) => hashes.has(key) && hashes.get(key) !== wanted.get(key)),
    ),
    ...named(
      'remove',
      [...hashes.keys()].filter((key) => !wanted.has(key)),
    ),
  ];
  return words.length > 0 ? words.join('; ') : undefined;
}

function write(
  where: Where,
  type: string,
  data: SecretOptions['data'],
  { type: found }: SecretState,
): Change['script'] {
  const { name, namespace } = where;
  const about = { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'provision' } };
  const head = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type, metadata: about }).slice(0, -1);
  const values = Object.entries(data).map(
    ([key, value], i) =>
      sh`printf '%s"%s":"%s"' ${i === 0 ? '' : ','} ${key} "$(printf %s ${value} | base64 -w 0)"`,
  );
  const verb = found === type ? 'replace' : 'create';
  return sh`${found !== '' && verb === 'create' ? kubectl(where, sh`delete secret ${name} >/dev/null`) : sh`:`}
{
printf '%s,"data":{' ${head}
${lines(values)}
printf '}}'
} | ( ${kubectl(where, sh`${verb} --filename - >/dev/null`)} )`;
}

/** @throws ProvisionError (input) unless it is a DNS subdomain */
const objectName = (name: string): string =>
  word(
    `kubernetes.secret ${name}`,
    name,
    /^(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    'lower-case letters, digits, "-" and "."',
  );
