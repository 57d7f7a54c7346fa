import type { Resource } from '../../provision/authoring.ts';
import { type Secret, secret, sh } from '../../provision/index.ts';

/** Where the host of the registry keeps what it is trusted by. Only root reads it. */
export const FOLDER = '/etc/theapp-registry';

/** What the service is given, and what nodes trust; empty where nothing has been made yet. */
export interface Keys {
  readonly ca: string;
  readonly certificate: Secret;
  readonly key: Secret;
  readonly passwords: Secret;
}

/** The files of the host that has the keys; `keysOf` reads what it prints. */
export const showKeys = sh`cd ${FOLDER} 2>/dev/null || exit 0
for one in ca.crt tls.crt tls.key htpasswd; do cat "$one" 2>/dev/null || :; echo '--- end'; done`;

export function keysOf(shown: string): Keys {
  const [ca = '', certificate = '', key = '', passwords = ''] = shown.split(/^--- end$/m);
  const hidden = (text: string) => secret(`${text.trim()}\n`);
  return {
    ca: `${ca.trim()}\n`,
    certificate: hidden(certificate),
    key: hidden(key),
    passwords: hidden(passwords),
  };
}

/** An authority of its own, which signs nothing but this registry's certificates. */
export const authority: Resource<boolean> = {
  kind: 'registry',
  name: 'authority',
  probe: {
    script: sh`openssl x509 -in ${`${FOLDER}/ca.crt`} -noout -checkend 31536000 >/dev/null 2>&1 && echo good || :`,
    read: ({ stdout }) => stdout.trim() === 'good',
  },
  plan: (good) => {
    if (good) return [];
    const script = sh`cd ${FOLDER}
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj '/CN=theapp registry authority' -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout ca.key.draft -out ca.crt.draft 2>/dev/null
mv ca.key.draft ca.key
mv ca.crt.draft ca.crt
rm -f tls.crt`;
    return [{ summary: 'create, for ten years', script }];
  },
};

/** A certificate for the registry's name, new before the old one ends. */
export function certificate(host: string, days: number): Resource<string> {
  const left = Math.floor((days * 86_400) / 3);
  return {
    kind: 'registry',
    name: `certificate for ${host}`,
    probe: {
      script: sh`cd ${FOLDER} 2>/dev/null || exit 0
[ -e tls.crt ] || exit 0
if openssl x509 -in tls.crt -noout -checkhost ${host} | grep -q 'does match' && openssl verify -CAfile ca.crt tls.crt >/dev/null 2>&1; then
if openssl x509 -in tls.crt -noout -checkend ${left} >/dev/null; then echo good; else echo old; fi
else echo other; fi`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (now) => {
      if (now === 'good') return [];
      const script = sh`cd ${FOLDER}
umask 077
printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' ${host} >extensions
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj ${`/CN=${host}`} -keyout tls.key.draft -out request 2>/dev/null
openssl x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days ${days} -extfile extensions -out tls.crt.draft 2>/dev/null
rm -f request extensions
mv tls.key.draft tls.key
mv tls.crt.draft tls.crt`;
      const why = { '': 'create', old: 'it ends soon', other: 'it is of another name or authority' }[now];
      return [{ summary: `${why ?? now}: for ${days} days`, script }];
    },
  };
}

/**
 * Who may come in, as the registry reads it: bcrypt, by the C library's own crypt(3). The password is on perl's
 * standard input, never in argv.
 */
export function passwords(user: string, password: Secret): Resource<boolean> {
  const path = `${FOLDER}/htpasswd`;
  return {
    kind: 'registry',
    name: `password of ${user}`,
    probe: {
      script: sh`if [ -e ${path} ]; then printf '%s\n%s' ${password} "$(cat ${path})" | perl -e ${CHECK} ${user}; fi`,
      read: ({ stdout }) => stdout.trim() === 'same',
    },
    plan: (same) => {
      if (same) return [];
      const script = sh`umask 077
printf '%s' ${password} | perl -e ${HASH} ${user} >${`${path}.draft`}
mv -f ${`${path}.draft`} ${path}`;
      return [{ summary: 'set', script }];
    },
  };
}

const CHECK = `my ($pass, $entry) = <STDIN>; chomp($pass, $entry);
my ($user, $hash) = split /:/, $entry, 2;
print 'same' if $user eq $ARGV[0] && crypt($pass, $hash) eq $hash;`;

/** 22 letters of salt, and 2^10 rounds. */
const HASH = String.raw`my $pass = <STDIN>;
open my $random, '<', '/dev/urandom' or die $!;
read $random, my $bytes, 22;
my @letters = ('.', '/', 'A'..'Z', 'a'..'z', 0..9);
my $salt = join '', map { $letters[ord($_) % 64] } split //, $bytes;
my $hash = crypt($pass, '$2b$10$' . $salt);
die "this machine's crypt(3) has no bcrypt\n" unless $hash =~ /^\$2b\$/;
print "$ARGV[0]:$hash\n";`;
