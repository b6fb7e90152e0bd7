// A test is a name and a function, so that one suite runs under node:test and in a browser's page.

export interface Test {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

export const tests: Test[] = [];

export function test(name: string, run: () => void | Promise<void>): void {
  tests.push({ name, run });
}

/** Only where there is a page: the name says so in the list of the other place. */
export const inPage = typeof document !== "undefined";

export function ok(condition: unknown, said = "it does not hold"): asserts condition {
  if (!condition) throw new Error(said);
}

/** Both print the same as JSON with sorted names. */
export function equal(actual: unknown, expected: unknown, said = ""): void {
  const [is, should] = [print(actual), print(expected)];
  if (is !== should) throw new Error(`${said}\n  is      ${is}\n  should  ${should}`);
}

export async function rejects(work: () => Promise<unknown>): Promise<void> {
  const kept = await work().then(
    () => true,
    () => false,
  );
  ok(!kept, "it was kept");
}

const print = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one === undefined
        ? "undefined"
        : one,
  );
