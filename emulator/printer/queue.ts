/** First in, first out, in constant time however long it grows. */

export interface Queue<T> {
  first(): T | undefined;
  add(item: T): void;
  /** Removes and gives the first item, `undefined` where there is none. */
  take(): T | undefined;
  /** Puts an item before the first. */
  putBack(item: T): void;
}

/** Taken items are forgotten in steps of this many. */
const COMPACT_AFTER = 1024;

export function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let next = 0;
  return {
    first: () => items[next],
    add(item) {
      items.push(item);
    },
    take() {
      if (next >= items.length) return undefined;
      const item = items[next];
      next += 1;
      if (next >= COMPACT_AFTER && next * 2 > items.length) {
        items = items.slice(next);
        next = 0;
      }
      return item;
    },
    putBack(item) {
      if (next > 0) items[--next] = item;
      else items.unshift(item);
    },
  };
}
