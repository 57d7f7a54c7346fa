import t from 'tap';
import { ProvisionError } from '../../provision/index.ts';
import { newCommand, parseCommand } from './command.ts';
import { oneOf, wholeOption } from './options.ts';

/** What two commands were called with: one has sub-commands and a default, the other arguments. */
function commands() {
  const called: unknown[] = [];
  const several = newCommand('several').configureOutput({ writeOut: () => undefined });
  several
    .command('up [name]')
    .addOption(wholeOption('--port <number>', 'a port', { most: 9999, fallback: 80 }))
    .action((name, { port }) => void called.push(['up', name, port]));
  several.command('down').action(() => void called.push(['down']));
  const single = newCommand('single')
    .configureOutput({ writeOut: () => undefined })
    .argument('<kind>', 'a kind', (text: string) => oneOf('kind', ['docker', 'qemu'], text))
    .argument('[more...]')
    .option('--quick')
    .action((kind) => void called.push([kind]));
  return { several, single, called };
}

t.test('unknown words are refused, also together with --help', async (t) => {
  const table: [name: 'several' | 'single', line: string, said: RegExp][] = [
    ['several', 'dwon', /no command "dwon"; did you mean "down"\? \(commands: up, down\)/],
    ['several', 'dwon x --bogus', /no command "dwon"/],
    ['several', 'down x', /unexpected argument "x"/],
    ['several', 'up a b', /unexpected argument "b"/],
    ['several', 'up --prot 1', /no option "--prot"; did you mean "--port"/],
    ['several', '--prot 1', /no option "--prot"/],
    ['several', 'up --port 0', /--port: expected a whole number from 1 to 9999, found "0"/],
    ['single', 'dokcer', /kind: expected one of docker, qemu, found "dokcer"; did you mean "docker"/],
    ['single', 'qemu --quikc', /no option "--quikc"; did you mean "--quick"/],
  ];
  for (const [name, line, said] of table) {
    for (const words of [line.split(' '), [...line.split(' '), '--help']]) {
      const { called, ...all } = commands();
      const error = await parseCommand(all[name], words, name === 'several' ? 'up' : undefined).catch(
        (e) => e,
      );
      t.type(error, ProvisionError, words.join(' '));
      t.match(error, { kind: 'input', message: said }, words.join(' '));
      t.strictSame(called, [], 'nothing was run');
    }
  }
});

t.test('the error names the command that helps', async (t) => {
  const { several, single } = commands();
  const todo = (error: ProvisionError) => error.parts.todo;
  t.equal(await parseCommand(several, ['up', '--x']).catch(todo), 'npm run several -- up --help');
  t.equal(await parseCommand(several, []).catch(todo), 'npm run several -- --help');
  t.equal(await parseCommand(single, []).catch(todo), 'npm run single -- --help');
  t.equal(await parseCommand(several, ['help', 'bogus']).catch(todo), 'npm run several -- --help');
});

t.test('the default command runs when none is named', async (t) => {
  const { several, called } = commands();
  for (const words of [
    [],
    ['--port', '8080'],
    ['up', 'x'],
    ['down'],
    ['--help'],
    ['up', '--help'],
    ['--port', '1', '-h'],
  ])
    await parseCommand(several, words, 'up');
  t.strictSame(called, [['up', undefined, 80], ['up', undefined, 8080], ['up', 'x', 80], ['down']]);
});
