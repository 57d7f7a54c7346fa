import t from 'tap';
import { parse } from 'yaml';
import { DEFINITION, REPLICAS, stackDocument, TASK } from './document.ts';

const versions = { secrets: { pass: 's_pass_1' }, configs: { conf: 's_conf_1', other: 's_other_1' } };
const rendered = (more = '') => `
x-tmp: &tmp { read_only: true }
services:
  app:
    <<: *tmp
    image: theapp:1
    command: [sh, -c, "echo $HOME"]
    secrets: [pass]
    configs: [{ source: conf, target: /etc/conf }]
    deploy: { replicas: 3, update_config: { order: start-first } }
  job:
    image: theapp:1
    deploy: { mode: replicated-job }
networks: { back: {} }
${more}`;
const read = (text = rendered(), more = versions) => stackDocument('stack.yml', text, more);
const of = (name: string, text?: string, more?: typeof versions) => {
  const found = read(text, more).services.find((service) => service.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};

t.test('the text that is deployed', async (t) => {
  const text = read().text();
  t.match(text, /echo \$\$HOME/, 'a $ is a plain character');
  const whole = parse(text);
  t.strictSame(whole.secrets, { pass: { external: true, name: 's_pass_1' } });
  t.strictSame(whole.configs, { conf: { external: true, name: 's_conf_1' } }, 'only those that are used');
  t.equal(whole.services.app.read_only, true, 'anchors are merged');
  t.notOk(whole['x-tmp']);
  const { app } = whole.services;
  t.match(app.deploy.labels, { [DEFINITION]: of('app').definition, [REPLICAS]: '3' });
  t.match(app.labels, { [TASK]: of('app').task });
  t.strictSame(Object.keys(parse(read().text(['job'])).services), ['job']);
  t.equal(parse(read().text(['app'], { app: 5 })).services.app.deploy.replicas, 5);
  t.equal(parse(read().text(['job'])).services.job.deploy.replicas, undefined);
});

t.test('what changes the definition, and what changes the task', async (t) => {
  const changed = (from: string, to: string) => {
    const [before, after] = [of('app'), of('app', rendered().replace(from, to))];
    return { definition: before.definition !== after.definition, task: before.task !== after.task };
  };
  t.strictSame(changed('sh, -c', 'bash, -c'), { definition: true, task: true });
  t.strictSame(changed('start-first', 'stop-first'), { definition: true, task: false });
  t.strictSame(changed('replicas: 3', 'replicas: 4'), { definition: false, task: false });
  const rotated = { ...versions, secrets: { pass: 's_pass_2' } };
  t.not(of('app', rendered(), rotated).definition, of('app').definition, 'a new version of its secret');
  t.equal(
    of('job', rendered(), rotated).definition,
    of('job').definition,
    'services without that secret do not change',
  );
});

t.test('input', async (t) => {
  const cases: [string, RegExp][] = [
    ['services: [', /stack\.yml: the rendered file is not YAML/],
    ['- a', /is not a stack file/],
    ['networks: {}', /there are no services/],
    ['services: { app: }', /services\.app: is empty/],
    [rendered('secrets: { pass: { file: x } }'), /secrets: a stack file cannot have this section/],
    [
      'services: { app: { image: a, secrets: [none] } }',
      /services\.app\.secrets: "none" is not one of the secrets/,
    ],
  ];
  for (const [text, words] of cases) t.throws(() => read(text), words, text.slice(0, 40));
});
