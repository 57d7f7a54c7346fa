import { explain, inputError } from '../provision/index.ts';
import { rotateSecrets, secretNames } from '../provision/secrets/environment.ts';
import { interruption, newCommand, runCommand } from './command/command.ts';
import { progressLines } from './command/progress.ts';
import { approachArgument, environmentArgument, fixedIn, vaultFor } from './secrets/arguments.ts';
import { edit } from './secrets/edit.ts';

const progress = progressLines(process.stderr);
const waiting = (line: string) => progress.show('secrets', line);
const say = (line: string) => process.stderr.write(`${line}\n`);

const program = newCommand('secrets').description(
  'The secrets of an environment: one encrypted file, and a key that stays on this computer.',
);

program
  .command('edit')
  .description('open the secrets in $EDITOR, and encrypt them again when it ends')
  .addArgument(approachArgument())
  .addArgument(environmentArgument())
  .action(async (approach: string, environment: string) => {
    const vault = await vaultFor(approach, environment);
    const signal = interruption();
    const editing = { waiting, signal, warn: (error: unknown) => say(explain(error)) };
    const changed = await edit(vault, editing).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      process.exitCode = 130;
      return false;
    });
    say(changed ? `the secrets of ${environment} are saved; ${next(approach)}` : 'nothing was changed');
  });

program
  .command('rotate')
  .description('replace secrets with new, generated ones')
  .addArgument(approachArgument())
  .addArgument(environmentArgument())
  .argument('[names...]', 'the names of the secrets')
  .option('--all', 'replace all except those that the running system keeps')
  .action(async (approach: string, environment: string, names: string[], { all }: { all?: boolean }) => {
    const vault = await vaultFor(approach, environment);
    if (names.length === 0 && !all)
      throw inputError({
        what: 'no secret was named',
        todo: `name some, or use --all; npm run secrets -- show-names ${approach} ${environment} lists them`,
      });
    const known = await secretNames(vault);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw inputError({
        what: `${environment} has no secret "${unknown}" (it has: ${known.join(', ') || 'none'})`,
      });
    const fixed = await fixedIn(approach);
    const refused = names.find((name) => name in fixed);
    if (refused !== undefined)
      throw inputError({ place: refused, what: 'this secret is not rotated', todo: `${fixed[refused]}` });
    const wanted = (name: string) => !(name in fixed) && (all === true || names.includes(name));
    const replaced = await rotateSecrets(vault, wanted, waiting);
    for (const name of known) if (all && name in fixed) say(`${name} is kept: ${fixed[name]}`);
    say(
      replaced.length > 0
        ? `new values for ${replaced.join(', ')}; ${next(approach)}`
        : 'nothing was changed',
    );
  });

program
  .command('show-names')
  .description('print the names of the secrets, not their values')
  .addArgument(approachArgument())
  .addArgument(environmentArgument())
  .action(async (approach: string, environment: string) => {
    const names = await secretNames(await vaultFor(approach, environment));
    process.stdout.write(names.map((name) => `${name}\n`).join(''));
  });

const next = (approach: string) => `npm run provision -- ${approach} brings them to the machines`;

await runCommand(program, () => progress.end());
