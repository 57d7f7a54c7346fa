import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { pictureOfCharts } from './diagram/charts.ts';
import { diagrams } from './diagram/diagrams.ts';
import { type Box, busesOf, type Picture } from './diagram/model.ts';
import { pictureOfStack } from './diagram/stack.ts';
import { svgOf } from './diagram/svg.ts';

// Longer than a moment only where much else is going on.
t.setTimeout(120_000);

t.test('the diagrams are up to date', async (t) => {
  const all = await diagrams();
  t.match(
    all.map(({ approach }) => approach),
    ['approach_0', 'approach_1', 'approach_2', 'approach_4'],
  );
  for (const { approach, file, svg } of all) {
    t.equal(readFileSync(file, 'utf8'), svg, `${approach}: npm run diagram`);
    t.match(
      svg,
      /^<svg [^>]*role="img" aria-labelledby="title desc">\n<title id="title">.+<\/title>\n<desc id="desc">.+<\/desc>/,
    );
    t.match(svg, '@media (prefers-color-scheme: dark)');
    t.notMatch(
      svg.replace('http://www.w3.org/2000/svg', ''),
      /https?:|@import|<script|<image/,
      'nothing from elsewhere',
    );
    t.ok(isWellFormed(svg), 'well-formed');
  }
  t.strictSame(
    (await diagrams()).map(({ svg }) => svg),
    all.map(({ svg }) => svg),
    'twice is as once',
  );
});

/** Every element that is opened is closed, in its order. */
function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, end, name = '', self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (end && open.pop() !== name) return false;
    if (!end && !self) open.push(name);
  }
  return svg.startsWith('<svg') && open.length === 0 && !/&(?!#\d+;)/.test(svg);
}

const machines = `machines:
  one: { memory: 1024, groups: [managers, mysql], address: 10.0.0.1, forward: { 8080: 80 } }
  two: { memory: 1024, groups: [workers], address: 10.0.0.2 }
`;
const stack = (services: string) => `services:
  nginx:
    image: "{{nginx_image}}"
    ports: [{ target: 8080, published: 80 }]
    networks: [front]
    deploy: { mode: global }
${services}
networks: { front: {}, back: { driver_opts: { encrypted: "true" } } }
`;

t.test('a diagram shows what the stack file defines', async (t) => {
  const draw = (services: string) => {
    const folder = t.testdir({
      'machines.yml': machines,
      'theapp.yml': stack(services),
      theapp: { 'defaults.yml': 'nginx_image: nginx:9\napp_image: null\nreplicas: 3\n' },
    });
    return pictureOfStack(folder, ['theapp.yml'], 'a title');
  };
  const app =
    '  app: { image: "{{app_image}}", networks: [front, back], deploy: { replicas: {{replicas}} } }';
  const database =
    '  mysql: { image: m, networks: [back], volumes: ["data:/d", "./a:/b"], deploy: { placement: { constraints: ["node.labels.mysql == true"] } } }';
  const job = '  migrate: { image: "{{app_image}}", networks: [back], deploy: { mode: replicated-job } }';
  const picture = draw([app, database, job, '  cache: { image: c, networks: [back] }'].join('\n'));
  const box = (name: string) => picture.boxes.find((box) => box.name === name);
  t.match(box('nginx'), {
    tier: 'in',
    machines: ['one', 'two'],
    notes: ['nginx:9', 'on every node', 'port 80'],
  });
  t.match(box('app'), {
    tier: 'app',
    machines: ['one', 'two'],
    notes: ['the release', '3 replicas, spread'],
  });
  t.strictSame(box('mysql')?.machines, ['one'], 'on the machine with its label');
  t.strictSame(box('mysql')?.notes, ['m', 'volume data'], 'a path is not a volume');
  t.match(box('migrate'), { tier: 'app', job: true, machines: [] });
  t.strictSame(box('cache')?.machines, [], 'on any machine');
  t.match(picture.buses, [{ words: 'network front' }, { words: 'network back, encrypted' }]);
  t.match(svgOf(picture), /mysql[\s\S]*on any node[\s\S]*run once/);
});

t.test('a diagram shows what the charts define', async (t) => {
  const { machines, boxes } = await pictureOfCharts(
    resolve(import.meta.dirname, '../approaches/approach_4'),
    'a title',
  );
  const notes = (name: string) => boxes.find((box) => box.name === name)?.notes;
  t.strictSame(notes('kube-proxy'), [
    'staging: port 30081',
    'production: port 30080',
    'visualiser: port 30090',
  ]);
  t.strictSame(notes('TheAPP'), ['the release', 'staging: 1 replica', 'production: 2–5 replicas']);
  t.strictSame(notes('Redis'), ['redis:8', 'three servers', '1Gi volumes'], 'the same in both environments');
  t.strictSame(boxes.find(({ name }) => name === 'registry')?.machines, ['control-plane']);
  t.strictSame(boxes.find(({ name }) => name === 'kubelet')?.machines, Object.keys(machines));
  for (const { name, job, networks } of boxes.filter(({ tier }) => tier === 'data'))
    if (!['API server', 'registry'].includes(name)) t.strictSame([job, networks], [false, ['back']], name);
  t.strictSame(
    boxes.filter(({ job }) => job).map(({ name }) => name),
    ['migrate', 'accounts', 'backup', 'redis-passwords'],
  );
});

t.test('names are escaped', async (t) => {
  const box: Box = {
    name: '<b>&"',
    notes: ['x'.repeat(40)],
    tier: 'in',
    machines: [],
    networks: ['n'],
    job: false,
  };
  const picture: Picture = { title: 'a & b', description: '<c>', machines: {}, boxes: [box], buses: [] };
  const svg = svgOf(picture);
  t.ok(isWellFormed(svg), svg);
  t.match(svg, /x{25}…/);
  t.strictSame(busesOf([box], String), [], 'a network within one tier is not drawn');
});

t.test('the command', async (t) => {
  const { stdout, exitCode } = await execa(process.execPath, [
    resolve(import.meta.dirname, 'diagram.ts'),
    '--check',
  ]);
  t.strictSame([exitCode, stdout], [0, 'all diagrams are up to date']);
});
