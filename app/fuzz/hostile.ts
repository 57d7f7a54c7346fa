import type { Random } from './random.ts';

/** A marker that occurs in no other text: a response that contains it echoes hostile input. */
export const marker = 'xmarkq';

/** Hostile markup that a page must not contain: a tag, an attribute or a link that is executable. */
export const markup = new RegExp(
  `<(script|img|svg|iframe|b)\\b[^>]{0,80}${marker}|${marker}[^<]{0,20}</script>` +
    `|["'] ?on\\w+="?${marker}|(href|src|action)=["']?(javascript|data):[^"']{0,40}${marker}`,
  'i',
);

/** Hostile markup, escaped as it should be in a page. */
export const escapedMarkup = new RegExp(`&lt;[^<>]{0,40}${marker}`);

const injections = [
  `<script>${marker}</script>`,
  `"><img src=x onerror=${marker}>`,
  `' onfocus=${marker} autofocus='`,
  `" onfocus="${marker}" x="`,
  `javascript:${marker}`,
  `</title></textarea><svg onload=${marker}>`,
  `{{${marker}}}{{{${marker}}}}{{#with this}}${marker}{{/with}}`,
  `\${${marker}}<%= ${marker} %>`,
  `' OR '${marker}'='${marker}`,
  `1; DROP TABLE todos; -- ${marker}`,
  `'; DELETE FROM data; -- ${marker}`,
  `" UNION SELECT '${marker}', user(), 3 -- `,
  `\\'; TRUNCATE pokemon; # ${marker}`,
  `1/**/OR/**/SLEEP(5)-- ${marker}`,
  `\r\nX-Injected: ${marker}\r\n\r\n<script>${marker}</script>`,
  `${marker}\r\nSET theapp ${marker}\r\nFLUSHALL\r\n`,
  `${marker} 0 0 1\r\nflush_all\r\n`,
  `../../../../etc/passwd#${marker}`,
  `%00${marker}%0d%0aX-Injected:%20${marker}`,
];

const oddities = [
  '',
  ' ',
  '\0',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '1e309',
  '9'.repeat(40),
  '0x1f',
  '１２',
  '1,2',
  'true',
  '[]',
  '{}',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '2023-02-29',
  '2024-02-30',
  '9999-12-31',
  '0000-00-00',
  '-000001-01-01',
  'Europe/Atlantis',
  '\u202egnp.exe',
  '\ufeff',
  '\u0000\u0001\u001f\u007f',
  'z\u0301\u0302\u0303'.repeat(20),
  '\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67',
  'ﬁﬃ Ⅷ ß İ ı',
  'ǅ\u0345',
  '𝒜𝓁𝒾𝒸ℯ',
  'Ünïcödé',
  '你好',
  '٣',
];

/** Hostile or odd text. */
export function hostileText(random: Random): string {
  const { pick, whole, chance } = random;
  if (chance(0.45)) return pick(injections);
  if (chance(0.6)) return pick(oddities);
  if (chance(0.2))
    return pick(['a', '9', '<', 'é', '😀', '%', "'"]).repeat(1 + whole(chance(0.1) ? 20_000 : 300));
  return String.fromCodePoint(...Array.from({ length: 1 + whole(30) }, () => anyCodePoint(random)));
}

/** Any code point except surrogates, which cannot be encoded in UTF-8 alone. */
function anyCodePoint({ whole, chance }: Random): number {
  const point = whole(chance(0.7) ? 0x250 : 0x10ffff);
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}

/** A JSON value of the wrong type, or a hostile value of the right type. */
export function hostileValue(random: Random): unknown {
  const { pick, chance } = random;
  if (chance(0.5)) return hostileText(random);
  const deep = () => Array.from({ length: 500 }).reduce<unknown>((inner) => [inner], marker);
  return pick<() => unknown>([
    () => null,
    () => true,
    () => -1,
    () => 1.5,
    () => Number.MAX_SAFE_INTEGER + 1,
    () => [],
    () => {},
    () => ({}),
    () => ({ toString: marker, valueOf: marker }),
    () => [hostileText(random), hostileText(random)],
    () => ({ $gt: '', [marker]: hostileText(random) }),
    deep,
  ])();
}
