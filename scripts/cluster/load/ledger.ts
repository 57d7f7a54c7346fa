/** What the clients were told, to be compared with what TheAPP says later and with what the servers keep. */
export interface Ledger {
  todos: Writes;
  birthdays: Birthdays;
  counts: Counts;
}

export const openLedger = (): Ledger => ({ todos: writes(), birthdays: birthdays(), counts: counts() });

/** Things that were written: once when it was acknowledged, at most once when nobody knows. */
export type Writes = ReturnType<typeof writes>;

function writes() {
  const [acknowledged, unknown] = [new Set<string>(), new Set<string>()];
  return {
    acknowledged,
    tell: (name: string, done: boolean) => void (done ? acknowledged : unknown).add(name),
    /** What is wrong with the names that are there now. */
    problems(there: string[]): string[] {
      const kept = new Set(there);
      return [
        ...[...acknowledged].filter((name) => !kept.has(name)).map((name) => `${name} is lost`),
        ...there.filter((name, at) => there.indexOf(name) !== at).map((name) => `${name} is there twice`),
        ...there
          .filter((name) => !acknowledged.has(name) && !unknown.has(name))
          .map((name) => `${name}: nobody asked`),
      ];
    },
  };
}

/** Dates of users: the last that was acknowledged, or one that was sent after it and never answered. */
export type Birthdays = ReturnType<typeof birthdays>;

export interface Person {
  name: string;
  /** Acknowledged, oldest first, with the moment of it. */
  dates: { date: string; at: number }[];
  /** Sent and not acknowledged: it may or may not be so, and nothing is written after it. */
  unknown: string | undefined;
}

function birthdays() {
  const people: Person[] = [];
  let writing: Person | undefined;
  return {
    people,
    /** Whose date is written next: somebody else after a write that nobody knows of, and now and then. */
    next(): Person {
      if (writing === undefined || writing.unknown !== undefined || writing.dates.length > 20) {
        writing = { name: nameOf(people.length), dates: [], unknown: undefined };
        people.push(writing);
      }
      return writing;
    },
    send(person: Person, date: string) {
      person.unknown = date;
    },
    acknowledge(person: Person, date: string) {
      person.dates.push({ date, at: performance.now() });
      person.unknown = undefined;
    },
    known: () => people.filter(({ dates }) => dates.length > 0),
    /** The dates that somebody may be told now who asked at `began`. */
    possible({ dates, unknown }: Person, began: number): string[] {
      const last = dates.findLastIndex(({ at }) => at <= began);
      const known = dates.slice(Math.max(0, last)).map(({ date }) => date);
      return unknown === undefined ? known : [...known, unknown];
    },
  };
}

/** User names have letters only: 0 is `usera`, 26 is `userba`. */
const nameOf = (number: number) =>
  `user${[...number.toString(26)].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')}`;

/** Numbers that were given away: each once, and greater than any that was known when it was asked for. */
export type Counts = ReturnType<typeof counts>;

function counts() {
  const given = new Map<string, Set<number>>();
  const highest = new Map<string, number>();
  const problems: string[] = [];
  return {
    problems,
    ids: () => [...highest.keys()],
    highest: (id: string) => highest.get(id) ?? 0,
    tell(id: string, number: number, before: number) {
      const numbers = given.get(id) ?? new Set();
      given.set(id, numbers);
      if (numbers.has(number)) problems.push(`${id}: ${number} was given twice`);
      if (number <= before) problems.push(`${id}: ${number} after ${before}`);
      numbers.add(number);
      highest.set(id, Math.max(number, highest.get(id) ?? 0));
    },
    total: () => [...given.values()].reduce((sum, { size }) => sum + size, 0),
  };
}
