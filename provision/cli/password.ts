import { type Secret, secret } from '../shell/secret.ts';

/** Asks for the sudo password on the terminal, without echoing it. */
export async function askPassword(): Promise<Secret> {
  const { stdin, stderr } = process;
  stderr.write('sudo password: ');
  stdin.setRawMode(true);
  let typed = '';
  try {
    for await (const chunk of stdin) {
      for (const char of String(chunk)) {
        if (char === '\r' || char === '\n') return secret(typed);
        if (char === '\u0003') process.exit(130);
        typed = char === '\u007f' ? typed.slice(0, -1) : typed + char;
      }
    }
    return secret(typed);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
