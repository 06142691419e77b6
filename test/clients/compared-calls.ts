// Calls of a client library that are made at two servers, to compare what an application gets of each: what a library
// makes of replies in either protocol, not the bytes.

/** What is called, by what it shows. */
export type Calls<Client> = Readonly<Record<string, (client: Client) => Promise<unknown>>>;

/** What each call gives: its result, or the text of its error. */
export async function outcomesOf<Client>(
  client: Client,
  calls: Calls<Client>,
): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    outcomes[name] = await call(client).catch((error: unknown) => `rejects: ${error}`);
  }
  return outcomes;
}

/** The items of pages, sorted: servers go through a table in orders of their own. */
export async function itemsOfPages(
  pages: AsyncIterable<readonly unknown[]>,
): Promise<readonly string[]> {
  const items: string[] = [];
  for await (const page of pages) for (const item of page) items.push(JSON.stringify(item));
  return items.sort();
}
