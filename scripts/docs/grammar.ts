import { type Kind, kinds } from './kinds.ts';

/** The arguments of a command: options with the kind of their value (null for none), and words in this order. */
export interface Form {
  readonly options?: Readonly<Record<string, Kind | null>>;
  readonly words?: readonly Kind[];
  /** The kind of any number of further words. */
  readonly more?: Kind;
}

/** A word, and the kind as which it was parsed. */
export interface Read {
  readonly word: string;
  readonly kind: Kind;
}

/** Parses all words according to a form. @throws Error that names an invalid word */
export function readBy({ options = {}, words = [], more }: Form, given: readonly string[]): Read[] {
  const read: Read[] = [];
  const expected = [...words];
  const take = (word: string | undefined, kind: Kind | undefined) => {
    if (word === undefined || kind === undefined) throw new Error(`unexpected word "${word ?? ''}"`);
    read.push(checked({ word, kind }));
  };
  const rest = [...given];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [option = '', value] = word.split(/=(.*)/s);
    const kind = options[option];
    if (kind === undefined) take(word, expected.shift() ?? more);
    else if (kind !== null) take(value ?? rest.shift(), kind);
    else if (value !== undefined) throw new Error(`"${option}" takes no value`);
  }
  return read;
}

/** Returns the word. @throws Error if it is not of its kind */
export function checked(read: Read): Read {
  if (kinds[read.kind](read.word)) return read;
  throw new Error(`"${read.word}" is not a valid ${read.kind}`);
}

/** The arguments of external programs by subcommand, as far as the pages use them. */
export const programs: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  vagrant: {
    up: { options: { '--provision': null, '--no-provision': null }, more: 'vagrant machine' },
    provision: { options: { '--provision-with': 'provisioner' }, more: 'vagrant machine' },
    reload: { options: { '--provision': null }, more: 'vagrant machine' },
    status: {},
    ssh: { options: { '-c': 'shell line' }, words: ['vagrant machine'] },
    'ssh-config': {},
    destroy: { options: { '-f': null }, more: 'vagrant machine' },
  },
  docker: {
    run: { words: ['ellipsis', 'image'], more: 'word of TheAPP' },
    stop: {},
    load: {},
    kill: {},
    compose: {},
    'image ls': {},
    'image rm': { more: 'image' },
    'service update': { options: { '--force': null }, words: ['service'] },
  },
  'apt-get': {
    install: { options: { '-y': null, '--no-install-recommends': null }, more: 'package' },
  },
  ssh: { '': { options: { '-G': null, '-L': null } } },
  curl: { '': { words: ['url'] } },
  journalctl: { '': { options: { '-u': 'unit' } } },
  scriptreplay: {
    '': { options: { '--timing': 'existing file', '-d': 'number' }, words: ['existing file'] },
  },
  tap: { '': { more: 'existing file' } },
  kubectl: {
    apply: { options: { '--filename': 'file' } },
    'create job': { options: { '--namespace': 'namespace', '--from': 'cron job' }, words: ['name'] },
    logs: { options: { '--namespace': 'namespace', '--follow': null }, words: ['job'] },
    'get secret': {
      options: { '--namespace': 'namespace', '--output': 'format' },
      words: ['object with secrets'],
    },
    get: { options: { '--all-namespaces': null }, words: ['objects'] },
    top: { options: { '--namespace': 'namespace' }, words: ['objects'] },
  },
  'kubernetes-certificates': { '': { options: { '--renew': null, '--approve': null } } },
  'kubernetes-restore': { '': { options: { '--alone': null }, words: ['snapshot'] } },
  helm: {
    upgrade: {
      options: { '--install': null, '--wait': null, '--namespace': 'namespace', '--values': 'file' },
      words: ['release', 'chart'],
    },
    history: { options: { '--namespace': 'namespace' }, words: ['release'] },
    test: { options: { '--namespace': 'namespace' }, words: ['release'] },
  },
  npm: { ci: { options: { '--engine-strict': null } }, test: {}, pack: {} },
};

/** Parses the arguments of an external program. */
export function readProgram(program: string, words: readonly string[]): Read[] {
  const forms = programs[program];
  if (!forms) throw new Error(`"${program}" is not a program that the pages use`);
  const found = ['', ...Object.keys(forms)]
    .filter((name) => name in forms)
    .find((name) => name === '' || `${words.join(' ')} `.startsWith(`${name} `));
  if (found === undefined) throw new Error(`${program} has no command "${words[0] ?? ''}"`);
  return readBy(forms[found] ?? {}, words.slice(found === '' ? 0 : found.split(' ').length));
}
