import t from 'tap';
import { backports, forSuite, oneLines, parseLines, parseStanzas, readSources, stanza } from './sources.ts';

const debian = `# a comment
Types: deb deb-src
# another
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components:
 main

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;
const lines = `# deb http://off.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # why
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm-security main
deb-src http://mirror.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
deb https://vendor.example/apt stable main
`;

t.test('both formats are parsed', async (t) => {
  t.strictSame(parseStanzas(debian), [
    {
      uris: ['http://mirror.example/debian'],
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main', 'contrib'],
      signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
    },
    { uris: ['http://mirror.example/debian-security'], suites: ['bookworm-security'], components: ['main'] },
  ]);
  t.strictSame(parseLines(lines).slice(0, 2), [
    { uris: ['http://mirror.example/debian'], suites: ['bookworm'], components: ['main', 'contrib'] },
    {
      uris: ['https://mirror.example/debian'],
      suites: ['bookworm-security'],
      components: ['main'],
      signedBy: '/k.gpg',
    },
  ]);
});

t.test('reads the same files as apt, in the same order', async (t) => {
  const folder = t.testdir({
    'sources.list': 'deb http://a.example/debian bookworm main\n',
    'sources.list.d': {
      'b.sources': debian,
      'c.list': lines,
      'd.list.disabled': lines,
      'e.sources.bak': debian,
    },
  });
  const found = readSources(folder).flatMap(({ uris }) => uris);
  const of = (host: string) => found.filter((uri) => uri.includes(host)).length;
  t.equal(found[0], 'http://a.example/debian');
  t.strictSame(
    [of('a.example'), of('mirror.example'), of('vendor.example'), of('off.example')],
    [1, 4, 1, 0],
  );
  t.strictSame(readSources(t.testdir({})), [], 'no sources');
});

t.test('another suite comes from the same sources', async (t) => {
  const own = forSuite(parseStanzas(debian), 'bookworm', 'trixie');
  t.strictSame(own.flatMap(oneLines), [
    'deb http://mirror.example/debian trixie main',
    'deb http://mirror.example/debian trixie-updates main',
    'deb http://mirror.example/debian-security trixie-security main',
  ]);
  const fromLines = forSuite(parseLines(lines), 'bookworm', 'trixie');
  t.strictSame(fromLines.flatMap(oneLines), [
    'deb http://mirror.example/debian trixie main',
    'deb https://mirror.example/debian trixie-security main',
  ]);
  t.strictSame(forSuite(parseLines(lines), 'noble', 'trixie'), [], 'none for another distribution');
});

t.test('backports are a copy of the stanza with another suite', async (t) => {
  const found = backports(parseStanzas(debian), 'bookworm');
  t.equal(
    found && stanza(found),
    `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
  );
  t.equal(backports([], 'bookworm'), undefined);
});
