/** Turns of a page that is being made. Invariant: it goes on in a tab that nobody looks at, too, where nothing is painted. */

/** Once what was put into the page so far can be seen. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve);
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}

/** Once the browser had a turn: for clicks, keys and paint. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
