import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../provision/cli/approaches.ts';
import { images, providers } from '../../provision/cli/arguments.ts';
import { loadMachines } from '../../provision/index.ts';
import { suites } from '../cluster/chaos/suites.ts';

const approaches = readdirSync(join(ROOT, 'approaches')).filter((name) =>
  existsSync(join(ROOT, 'approaches', name, 'machines.yml')),
);
const machines = approaches.flatMap((approach) =>
  Object.keys(loadMachines(join(ROOT, 'approaches', approach))).map((name) => ({ name, approach })),
);
const full = machines.map(({ name, approach }) => `${approach}-${name}`);
const stack = readFileSync(join(ROOT, 'approaches/approach_2/theapp.yml'), 'utf8');
const services = [...stack.matchAll(/^ {2}(\S+):$/gm)].map(([, name]) => name);
const charts = globSync('approaches/*/*/Chart.yaml', { cwd: ROOT }).map((file) => dirname(file));
const environments = charts.flatMap((chart) =>
  globSync('values-*.yaml', { cwd: join(ROOT, chart) }).map((file) => file.replace(/^values-|\.yaml$/g, '')),
);
const [, secrets = ''] =
  /^const passwords = \[(.*)\]/m.exec(
    readFileSync(join(ROOT, 'approaches/approach_4/passwords.ts'), 'utf8'),
  ) ?? [];
/** The Debian packages that the project's code installs or names. */
const packages = ['testing/prerequisites.ts', 'scripts/bench/provisioner/peers/ansible.ts'].flatMap((file) =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/[a-z][a-z0-9.-]+/g)].map(([name]) => name),
);

const oneOf = (known: readonly (string | undefined)[]) => (word: string) => known.includes(word);
const anything = () => true;
const isUrl = (word: string) => URL.parse(word)?.hostname === '127.0.0.1';

/** Whether a word is valid for each kind. Only the kinds in `freeKinds` accept any word. */
export const kinds = {
  approach: oneOf(approaches),
  machine: oneOf(machines.map(({ name }) => name)),
  'vagrant machine': (word: string) =>
    /^\/.*\/$/.test(word)
      ? full.some((name) => new RegExp(word.slice(1, -1)).test(name))
      : full.includes(word),
  scenario: oneOf(Object.values(suites).flatMap(({ all }) => all.map(({ name }) => name))),
  service: (word: string) => services.includes(word.replace(/^theapp_/, '').replace(/-\d+$/, '-{{this}}')),
  'recording machines': oneOf(['lab', 'containers']),
  provider: oneOf(providers),
  'operating system': oneOf(images),
  environment: oneOf(environments),
  secret: oneOf([...secrets.matchAll(/'(\w+)'/g)].map(([, name]) => name)),
  chart: oneOf(charts),
  release: oneOf(['theapp', 'theapp-data']),
  namespace: oneOf([...environments, 'theapp']),
  'cron job': oneOf(
    ['backup', 'restore', 'rebuild-primary', 'rebuild-replica'].map((name) => `cronjob/mysql-${name}`),
  ),
  job: oneOf(['job/rebuild']),
  objects: oneOf(['pods', 'nodes,pods']),
  'object with secrets': oneOf(['theapp-secrets']),
  format: oneOf(['yaml']),
  action: oneOf(['up', 'status', 'stop']),
  package: oneOf(packages),
  unit: oneOf(['theapp', 'theapp-heal']),
  provisioner: oneOf(['theapp']),
  number: (word: string) => /^\d+$/.test(word),
  replicas: (word: string) => {
    const [, environment, service = ''] = /^(?:(.+)\/)?(.+)=\d+$/.exec(word) ?? [];
    return /^[a-z-]+$/.test(service) && (environment === undefined || environments.includes(environment));
  },
  url: isUrl,
  /** Of a load: a node, or an approach with all its machines. */
  target: (word: string) => isUrl(word) || approaches.includes(word),
  'existing file': (word: string) => existsSync(word) || existsSync(join(ROOT, word)),
  image: (word: string) => /^theapp:/.test(word),
  'word of TheAPP': oneOf(['serve', 'migrate', '--check-config', '--version', '--help']),
  snapshot: (word: string) => /^\/var\/backups\/kubernetes\/[\w-]+-\d{8}T\d{6}Z\.tar\.gz$/.test(word),
  ellipsis: oneOf(['…']),
  file: anything,
  name: anything,
  'shell line': anything,
} satisfies Record<string, (word: string) => boolean>;

export type Kind = keyof typeof kinds;

/** Kinds whose words the reader chooses. If any other word of a command changes, a test must fail. */
export const freeKinds: ReadonlySet<Kind> = new Set(['file', 'name', 'shell line']);
