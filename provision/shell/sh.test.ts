import { inspect } from 'node:util';
import t from 'tap';
import { redact, reveal, secret } from './secret.ts';
import { quote, sh } from './sh.ts';

t.test('sh quotes every value', async (t) => {
  const hidden = secret(`it's`);
  const table: [string, { text: string }, string][] = [
    ['a word', sh`echo ${'plain-1.0'}`, 'echo plain-1.0'],
    ['spaces', sh`echo ${'a b'}`, "echo 'a b'"],
    ['a quote', sh`echo ${"it's"}`, `echo 'it'\\''s'`],
    ['nothing', sh`echo ${''}`, "echo ''"],
    ['a list', sh`rm ${['a', 'b c', 3]}`, "rm a 'b c' 3"],
    ['a script', sh`set -e; ${sh`echo ${'x y'}`}`, "set -e; echo 'x y'"],
    ['a secret', sh`printf %s ${hidden}`, `printf %s 'it'\\''s'`],
    ['backslashes stay', sh`printf 'a\n' ${'\\n'}`, `printf 'a\\n' '\\n'`],
    ['inside $( ) inside quotes', sh`x="$(cat ${'a b'})"`, `x="$(cat 'a b')"`],
    [
      'after a comment with a quote',
      sh`# it's
echo ${'x'}`,
      "# it's\necho x",
    ],
  ];
  for (const [what, { text }, wanted] of table) t.equal(text, wanted, what);
  t.throws(() => sh`echo "${'x'}"`, /inside " quotes/);
  t.throws(() => sh`echo '${'x'}'`, /inside ' quotes/);
  t.throws(() => quote('a\0b'), /NUL/);
  t.throws(() => sh`echo ${Number.NaN}`, /not number/);
  t.strictSame(sh`${[hidden, 'x']}`.secrets, ["it's"]);
});

t.test('a secret cannot be shown by accident', async (t) => {
  const hidden = secret('hunter2-hunter2');
  t.throws(() => `${hidden}`, /cannot be converted to a string/);
  t.throws(() => String(hidden), /cannot be converted to a string/);
  t.equal(JSON.stringify({ hidden }), '{"hidden":"********"}');
  t.notMatch(inspect({ hidden }), /hunter2/);
  t.equal(reveal(hidden), 'hunter2-hunter2');
  t.equal(
    redact(`x hunter2-hunter2 ${Buffer.from('hunter2-hunter2').toString('base64')}`, ['hunter2-hunter2']),
    'x ******** ********',
  );
  t.equal(redact(quote("pa'ss"), ["pa'ss"]), "'********'");
});
